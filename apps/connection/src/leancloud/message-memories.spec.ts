import { asConversationId, messageIdOf } from '@hongyan/protocol';
import { OwnMessages } from './own-messages.js';
import { RecentMessages } from './recent-messages.js';

const one = asConversationId('one');
const two = asConversationId('two');
const message = (conversation: typeof one, seq: number) => ({
  id: messageIdOf(conversation, seq),
  conversation,
  seq,
  time: 1000 + 10 * seq,
  format: 'text' as const,
  body: 'hi',
});

describe('recent messages', () => {
  it('know the last one up to a time, per conversation', () => {
    const recent = new RecentMessages();
    for (const place of [message(one, 4), message(two, 9), message(one, 5)]) recent.add(place);
    expect(recent.seqAt(one, 1050)).toBe(5);
    expect(recent.seqAt(one, 1049)).toBe(4);
    expect(recent.seqAt(one, 9999)).toBe(5);
    expect(recent.seqAt(two, 1090)).toBe(9);
    expect(recent.seqAt(one, 1039)).toBeUndefined();
    expect(recent.seqAt(two, 1040)).toBeUndefined();
  });

  it('are sixty-four', () => {
    const recent = new RecentMessages();
    for (let seq = 1; seq <= 200; seq += 1) recent.add(message(one, seq));
    expect(recent.seqAt(one, 9999)).toBe(200);
    expect(recent.seqAt(one, 1000 + 10 * 137)).toBe(137);
    expect(recent.seqAt(one, 1000 + 10 * 136)).toBeUndefined();
  });

  it('are none that nobody stores, and none of threads', () => {
    const recent = new RecentMessages();
    recent.add({ ...message(one, 4), seq: undefined });
    recent.add({ ...message(one, 4), scope: 'thread' });
    expect(recent.seqAt(one, 9999)).toBeUndefined();
  });
});

describe('own messages', () => {
  const ids = (messages: readonly { id: string }[]) => messages.map(({ id }) => id);

  it('are told once when a cursor reaches them, if that was asked for', () => {
    const own = new OwnMessages();
    own.add(message(one, 4), true);
    own.add(message(two, 4), true);
    own.add(message(one, 5), false);
    own.add(message(one, 6), true);
    expect(ids(own.reached(one, { delivered: 5 }).awaited)).toEqual([messageIdOf(one, 4)]);
    expect(own.reached(one, { delivered: 5 })).toEqual({ awaited: [], lastRead: undefined });
    expect(ids(own.reached(one, { read: 6 }).awaited)).toEqual([messageIdOf(one, 6)]);
  });

  it('know the last one that was read, and again when the cursor goes on', () => {
    const own = new OwnMessages();
    for (const seq of [4, 6, 9]) own.add(message(one, seq), false);
    expect(own.reached(one, { read: 3 }).lastRead).toBeUndefined();
    expect(own.reached(one, { read: 7 }).lastRead).toMatchObject({ id: messageIdOf(one, 6), time: 1060 });
    expect(own.reached(one, { read: 8 }).lastRead).toMatchObject({ id: messageIdOf(one, 6) });
    expect(own.reached(one, { read: 5 }).lastRead).toMatchObject({ id: messageIdOf(one, 4) });
    expect(own.reached(one, { read: 9 }).lastRead).toMatchObject({ id: messageIdOf(one, 9) });
  });

  it('are five hundred; transient ones and those of threads are none', () => {
    const own = new OwnMessages();
    own.add({ ...message(one, 1), seq: undefined }, true);
    own.add({ ...message(one, 1), id: messageIdOf(two, 1) }, true);
    expect(own.reached(one, { delivered: 9 }).awaited).toEqual([]);
    for (let seq = 1; seq <= 600; seq += 1) own.add(message(one, seq), true);
    const told = ids(own.reached(one, { delivered: 600 }).awaited);
    expect([told.length, told[0], told.at(-1)]).toEqual([500, messageIdOf(one, 101), messageIdOf(one, 600)]);
  });
});
