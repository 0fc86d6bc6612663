import { setTimeout as pause } from 'node:timers/promises';
import type { ImportItem, ImportedMessage } from '@hongyan/conversations';
import type { ConversationId } from '@hongyan/protocol';
import { Batches } from './batches.js';
import { noCounts } from './counts.js';
import type { ImportTarget } from './ports.js';

/** An installation that is slow, answers in any order, and notes what came when. */
class SlowTarget implements ImportTarget {
  readonly made = new Set<string>();
  readonly messagesOf = new Map<string, string[]>();
  readonly underWay = new Set<string>();
  mostAtATime = 0;
  failing = false;
  private asked = 0;

  async conversations(items: readonly ImportItem[]) {
    await pause(2);
    for (const { conversation } of items) this.made.add(conversation.id);
    return items.map(({ conversation: { id } }) => ({ id, outcome: 'created' as const, notes: [] }));
  }

  async messages(parts: Parameters<ImportTarget['messages']>[0]) {
    const names = parts.map(({ conversation }) => conversation);
    for (const name of names) {
      if (!this.made.has(name)) throw new Error(`${name} is not there yet`);
      if (this.underWay.has(name)) throw new Error(`two requests about ${name} at a time`);
      this.underWay.add(name);
    }
    this.asked += 1;
    this.mostAtATime = Math.max(this.mostAtATime, this.underWay.size);
    await pause(this.asked % 2 === 0 ? 1 : 6);
    for (const name of names) this.underWay.delete(name);
    if (this.failing) throw new Error('the disk is full');
    return parts.map(({ conversation, messages }) => {
      const there = this.messagesOf.get(conversation) ?? [];
      this.messagesOf.set(conversation, [...there, ...messages.map(({ id }) => id)]);
      return { added: messages.length, changed: 0, same: 0, kept: 0, refused: [] };
    });
  }

  subscribers = () => Promise.resolve({ added: 0 });
  unread = () => Promise.resolve({ set: 0 });
  installations = () => Promise.resolve([]);
  installationsDigest = () => Promise.resolve({ count: 0, records: '' });
  digests = () => Promise.resolve([]);
}

const from = { row: {}, part: 0, line: 1 };
const conversation = (id: string) => ({
  do: 'conversation' as const,
  item: { conversation: { id }, members: [], silenced: [], blocked: [] } as unknown as ImportItem,
  from,
});
const message = (id: string, of: string, bytes: number) => ({
  do: 'message' as const,
  conversation: of,
  message: { id, time: 1, author: '', format: 'text', body: 'x'.repeat(bytes) } as unknown as ImportedMessage,
  from,
  replaced: 0,
});

it('sends several requests at a time, but each conversation in order and after it was made', async () => {
  const target = new SlowTarget();
  const counts = noCounts();
  const batches = new Batches(target, counts, () => undefined, new Set(), false);
  const expected = new Map<string, string[]>();
  for (let at = 0; at < 40; at += 1) {
    const id = `c${at}` as ConversationId;
    batches.add(conversation(id));
    // Some fit into one request with others, some need several.
    const many = at % 10 === 3 ? 60 : 5;
    expected.set(
      id,
      Array.from({ length: many }, (_, n) => `${id}-${n}`),
    );
    for (const name of expected.get(id)!) {
      batches.add(message(name, id, 8_000));
      if (batches.isFull) await batches.send();
    }
  }
  await batches.settle();
  expect(target.messagesOf).toEqual(expected);
  expect(target.mostAtATime).toBeGreaterThan(3);
  expect(counts.messages.added).toBe(36 * 5 + 4 * 60);
});

it('throws what a request threw, at the next call or when it settles', async () => {
  const target = new SlowTarget();
  target.failing = true;
  const batches = new Batches(target, noCounts(), () => undefined, new Set(), false);
  batches.add(conversation('c'));
  batches.add(message('m', 'c', 10));
  await batches.send();
  await expect(batches.settle()).rejects.toThrow('the disk is full');
  await batches.idle();
  expect(target.underWay.size).toBe(0);
});
