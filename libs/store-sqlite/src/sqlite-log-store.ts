import type {
  Appended,
  AppendRequest,
  AppendResult,
  Entry,
  EntryRange,
  Head,
  HistoryQuery,
  LogStore,
  MessageEntry,
} from '@hongyan/conversations';
import type { AppId, ClientId, ConversationId, OperationId } from '@hongyan/protocol';
import type { AppendAnswer } from './append.js';
import type { Channels } from './channels.js';
import { pushSlots } from './entry-codec.js';
import type { Slot } from './entry-codec.js';

export class SqliteLogStore implements LogStore {
  constructor(private readonly channels: Channels) {}

  async append(app: AppId, { conversation, expected, now, entries }: AppendRequest): Promise<AppendResult> {
    const slots: Slot[] = [];
    for (const entry of entries) pushSlots(slots, entry);
    return toAppendResult(await this.channels.write.call('append', app, conversation, expected, now, slots));
  }

  head(app: AppId, conversation: ConversationId): Promise<Head | undefined> {
    return this.channels.read.call('head', app, conversation);
  }

  entries(app: AppId, conversation: ConversationId, range: EntryRange): Promise<Entry[]> {
    return this.channels.read.call('entries', app, conversation, range);
  }

  history(
    app: AppId,
    conversation: ConversationId,
    query: HistoryQuery,
  ): Promise<{ messages: MessageEntry[]; more: boolean }> {
    return this.channels.read.call('history', app, conversation, query);
  }

  messages(app: AppId, conversation: ConversationId, seqs: readonly number[]): Promise<MessageEntry[]> {
    return this.channels.read.call('messages', app, conversation, seqs);
  }

  byOperation(
    app: AppId,
    conversation: ConversationId,
    author: ClientId | '',
    op: OperationId,
  ): Promise<Entry | undefined> {
    return this.channels.read.call('byOperation', app, conversation, author, op);
  }

  seqAt(app: AppId, conversation: ConversationId, time: number): Promise<number> {
    return this.channels.read.call('seqAt', app, conversation, time);
  }
}

const headNumbers = 7;

export function toHeadOf(answer: AppendAnswer): Head {
  const [last, lastTime, count, lastMessageSeq, lastMessageTime, floor, origin] = answer as [
    number, number, number, number, number, number, number,
  ]; // prettier-ignore
  return { last, lastTime, count, lastMessageSeq, lastMessageTime, floor, origin };
}

function toAppendResult(answer: AppendAnswer): AppendResult {
  const results: Appended[] = [];
  let stamp: number | undefined;
  for (let at = headNumbers; at < answer.length; at += 2) {
    const seq = answer[at] as number;
    if (seq === -1) results.push({ duplicate: true, entry: answer[at + 1] as Entry });
    else if (seq === -2) stamp = answer[at + 1] as number;
    else {
      const time = answer[at + 1] as number;
      results.push({ duplicate: false, seq, time, ...(stamp === undefined ? {} : { stamp }) });
      stamp = undefined;
    }
  }
  return { head: toHeadOf(answer), results };
}
