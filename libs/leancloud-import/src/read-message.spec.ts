import { asConversationId, messageIdOf, parseMessageId } from '@hongyan/protocol';
import { readMessage, unknownColumns } from './read-message.js';

const row = (id: string, timestamp = 5) => ({
  'msg-id': id,
  timestamp,
  from: 'ann',
  to: 'talk',
  data: 'hello',
});
const idOf = (id: string, timestamp?: number) =>
  (readMessage(row(id, timestamp), 1_000) as { id?: string }).id;

describe('message ids', () => {
  it('stay as they are, but for those that say a place in another installation', () => {
    expect(idOf('qQ5R_iWbTeK-aGHp')).toBe('qQ5R_iWbTeK-aGHp');
    const own = messageIdOf(asConversationId('talk'), 77);
    const here = idOf(own)!;
    expect(here).not.toBe(own);
    expect(parseMessageId(here)).toBeUndefined();
    expect(idOf(own)).toBe(here); // again the same
    expect(idOf(own, 6)).not.toBe(here); // of a third installation
    expect(idOf(here)).toBe(here); // and moved once more
  });

  it('that no client could name are refused', () => {
    for (const id of ['', 'ab', 'with space', 'x'.repeat(65)])
      expect(readMessage(row(id), 1_000)).toMatchObject({
        why: expect.stringContaining('cannot be a message id') as string,
      });
  });
});

it('knows every column of a row of history, ours included', () => {
  expect(unknownColumns({ ...row('abc'), recall: true, 'from-ip': '', colour: 1 })).toEqual(['colour']);
});
