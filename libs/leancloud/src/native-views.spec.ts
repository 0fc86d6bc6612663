import { asClientId, asConversationId, type MessageId, type MessageView } from '@hongyan/protocol';
import { fromWire, storedTypes } from './content.js';
import { nativeArgs, nativeEvent, nativeMessage, nativeResult } from './native-views.js';

const conversation = asConversationId('c');
const message = (msg: string): MessageView => ({
  id: 'c_1' as MessageId,
  conversation,
  seq: 1,
  time: 1,
  from: asClientId('tom'),
  ...fromWire({ msg }),
});
const typed = message('{"_lctype":-1,"_lctext":"hi","_lcattrs":{"a":1}}');
const native: MessageView = { ...typed, format: 'text', type: 'note', body: 'as it is' };

describe('messages of LeanCloud’s clients for native readers', () => {
  it('are text with attributes, and keep who, when and where', () => {
    const { type: _, ...rest } = typed;
    const expected = { ...rest, format: 'text', body: 'hi', attributes: { a: 1 } };
    expect(nativeMessage(typed)).toStrictEqual(expected);
    expect(nativeMessage(message('plain'))).toStrictEqual({ ...rest, format: 'text', body: 'plain' });
    expect(nativeMessage(message('{"_lctype":-1,"_lctext":"x","_lcattrs":[1]}'))).not.toHaveProperty(
      'attributes',
    );
  });

  it('are what they were when they are native, of a type of the app, or recalled', () => {
    const recalled: MessageView = { ...typed, body: '', recalled: true };
    for (const same of [native, message('{"_lctype":7,"a":1}'), recalled])
      expect(nativeMessage(same)).toBe(same);
  });

  it('are translated wherever an answer holds them', () => {
    const text = nativeMessage(typed);
    const row = { conversation: {}, lastMessage: typed };
    const answers = [
      nativeResult('conversation.get', row as never),
      nativeResult('conversation.list', { items: [row, { conversation: {} }] } as never),
      nativeResult('conversation.sync', { items: [row] } as never),
      nativeResult('conversation.query', { items: [row] } as never),
    ];
    expect(answers).toEqual([
      { conversation: {}, lastMessage: text },
      { items: [{ conversation: {}, lastMessage: text }, { conversation: {} }] },
      { items: [{ conversation: {}, lastMessage: text }] },
      { items: [{ conversation: {}, lastMessage: text }] },
    ]);
    const page = { conversation: {}, messages: [typed, native] };
    for (const name of ['message.get', 'message.history', 'room.join'] as const)
      expect(nativeResult(name, page as never)).toEqual({ conversation: {}, messages: [text, native] });
    expect(nativeResult('message.edit', { seq: 1, time: 1, message: typed })).toMatchObject({
      message: text,
    });
    const entries = [{ kind: 'edit', message: typed }, { kind: 'joined' }];
    expect(nativeResult('conversation.entries', { entries } as never)).toEqual({
      entries: [{ kind: 'edit', message: text }, { kind: 'joined' }],
    });
    const counts = { readSeq: 1, unread: 0, mentionUnread: 0 };
    expect(nativeResult('conversation.read', counts)).toBe(counts);
  });

  it('are translated in events; other events are the same object', () => {
    const entry = { conversation, seq: 1, time: 1, kind: 'message', message: typed } as const;
    expect(nativeEvent({ type: 'entry', entry })).toMatchObject({
      entry: { seq: 1, message: { body: 'hi' } },
    });
    expect(nativeEvent({ type: 'transient', message: typed })).toMatchObject({ message: { body: 'hi' } });
    for (const same of [
      { type: 'entry', entry: { ...entry, message: native } },
      { type: 'entry', entry: { conversation, seq: 1, time: 1, kind: 'joined' } },
      { type: 'cursor', conversation, read: 1 },
    ] as const)
      expect(nativeEvent(same)).toBe(same);
  });
});

describe('conversations for native readers', () => {
  it('are without the columns that only LeanCloud’s clients know, wherever they are told', () => {
    const own = { id: conversation, attributes: { a: 1 }, columns: { size: 1 } };
    const told = { id: conversation, attributes: { a: 1 } };
    for (const name of ['conversation.create', 'conversation.get'] as const)
      expect(nativeResult(name, { conversation: own } as never)).toEqual({ conversation: told });
    for (const name of ['conversation.list', 'conversation.sync', 'conversation.query'] as const)
      expect(nativeResult(name, { items: [{ conversation: own }] } as never)).toEqual({
        items: [{ conversation: told }],
      });
    expect(nativeResult('room.join', { conversation: own, messages: [] } as never)).toMatchObject({
      conversation: told,
    });
    const entry = { conversation, seq: 1, time: 1 };
    const added = { ...entry, kind: 'added', members: [] } as const;
    expect(nativeEvent({ type: 'entry', entry: added, conversationView: own as never })).toEqual({
      type: 'entry',
      entry: added,
      conversationView: told,
    });
    const updated = { ...entry, kind: 'updated', name: 'n', columns: { size: 1 } } as const;
    expect(nativeEvent({ type: 'entry', entry: updated })).toEqual({
      type: 'entry',
      entry: { ...entry, kind: 'updated', name: 'n' },
    });
  });
});

describe('types to look for', () => {
  it('find media of both families, and others as they are named', () => {
    expect(storedTypes(['image', 'order'])).toEqual(['image', 'lc:-2', 'order']);
    expect(storedTypes(['lc:-6', 'lc:7', 'lc:-1', 'file'])).toEqual(['lc:-6', 'file', 'lc:7', 'lc:-1']);
    const query = { conversation, direction: 'backward', types: ['audio'] } as const;
    expect(nativeArgs('message.history', { ...query, types: ['audio'] })).toEqual({
      ...query,
      types: ['audio', 'lc:-3'],
    });
    const without = { conversation, direction: 'backward' } as const;
    expect(nativeArgs('message.history', without)).toBe(without);
  });
});
