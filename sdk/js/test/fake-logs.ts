import {
  errorTable,
  type EntryView,
  type ErrorName,
  type ListRow,
  type MessageView,
  type WireError,
} from '@hongyan/protocol';

export interface FakeConversation {
  id: string;
  kind: 'ordinary' | 'room';
  members: string[];
  entries: EntryView[];
  floor: number;
  /** Sequences of deleted messages. */
  gone: Set<number>;
  reads: Map<string, number>;
  changed: number;
}

export function wireError(name: ErrorName, more: Partial<WireError> = {}): WireError {
  const { code, text, temporary } = errorTable[name];
  return { code, name, message: text, temporary, ...more };
}

/** Conversations and their logs as the model says. `Origin` is who made a change, and does not hear of it. */
export abstract class FakeLogs<Origin> {
  readonly conversations = new Map<string, FakeConversation>();
  /** Events are kept back while true. */
  silent = false;
  /** Grows with every change: the token of a sync. */
  protected changes = 0;

  /** Tells the members of a new entry. */
  abstract publish(entry: EntryView, origin?: Origin): void;

  conversation(id: string, members: string[], kind: 'ordinary' | 'room' = 'ordinary'): FakeConversation {
    const conversation = {
      id,
      kind,
      members,
      entries: [],
      floor: 0,
      gone: new Set<number>(),
      reads: new Map(),
      changed: ++this.changes,
    };
    this.conversations.set(id, conversation);
    return conversation;
  }

  say(id: string, from: string, body: string, more: Partial<MessageView> = {}, origin?: Origin): EntryView {
    const conversation = this.get(id);
    const seq = conversation.entries.length + 1;
    const time = 1_700_000_000_000 + seq;
    const message = {
      id: `${id}.${seq.toString(36)}`,
      conversation: id,
      seq,
      time,
      from,
      format: 'text',
      body,
      ...more,
    };
    return this.append(
      conversation,
      { conversation: id, seq, time, by: from, kind: 'message', message } as never,
      origin,
    );
  }

  /** Recalls, deletes or edits a message. */
  change(
    id: string,
    kind: 'recall' | 'delete' | 'edit',
    target: number,
    change: Partial<MessageView>,
    origin?: Origin,
  ): EntryView {
    const conversation = this.get(id);
    const entry = conversation.entries[target - 1] as EntryView & { message: MessageView };
    const message = { ...entry.message, ...change };
    if (kind === 'delete') conversation.gone.add(target);
    if (kind !== 'edit')
      for (const key of ['mentions', 'mentionAll'] as const) delete (message as Record<string, unknown>)[key];
    for (const one of conversation.entries as (EntryView & { message?: MessageView })[]) {
      if (one.message?.seq === target) (one as { message: MessageView }).message = message;
    }
    const seq = conversation.entries.length + 1;
    return this.append(
      conversation,
      { conversation: id, seq, time: 1_700_000_000_000 + seq, by: message.from, kind, message } as never,
      origin,
    );
  }

  /** As from a backup that was made when this log ended at `seq`. */
  restore(id: string, seq: number): void {
    const conversation = this.get(id);
    conversation.entries.length = seq;
    for (const [client, read] of conversation.reads) conversation.reads.set(client, Math.min(read, seq));
    this.changes = conversation.changed = 0;
  }

  /** Of a deleted message only the delete is told. */
  shown(id: string): EntryView[] {
    const { entries, gone } = this.get(id);
    return entries.filter((e) => !('message' in e) || e.kind === 'delete' || !gone.has(e.message.seq ?? 0));
  }

  append(conversation: FakeConversation, entry: EntryView, origin?: Origin): EntryView {
    conversation.entries.push(entry);
    conversation.changed = ++this.changes;
    if (!this.silent) this.publish(entry, origin);
    return entry;
  }

  unreadOf(id: string, client: string): { unread: number; mentionUnread: number } {
    const { entries, reads } = this.get(id);
    const counted = entries.filter(
      (e) =>
        e.kind === 'message' &&
        e.seq > (reads.get(client) ?? 0) &&
        e.message.from !== client &&
        !e.message.silent &&
        !e.message.recalled,
    ) as (EntryView & { message: MessageView })[];
    const mentioned = counted.filter(
      ({ message }) => message.mentionAll || message.mentions?.includes(client as never),
    );
    return { unread: counted.length, mentionUnread: mentioned.length };
  }

  row(id: string, client: string): ListRow {
    const conversation = this.get(id);
    const { entries, reads } = conversation;
    const last = this.shown(id)
      .filter((entry) => entry.kind === 'message')
      .at(-1) as { message: MessageView } | undefined;
    return structuredClone({
      conversation: {
        id,
        kind: conversation.kind,
        attributes: {},
        createdAt: 1,
        updatedAt: 1,
        memberCount: conversation.members.length,
        seq: entries.length,
      },
      own: {
        role: 'member',
        joinedSeq: 0,
        readSeq: reads.get(client) ?? 0,
        deliveredSeq: 0,
        clearedSeq: 0,
        revision: reads.get(client) ?? 0,
      },
      ...this.unreadOf(id, client),
      ...(last === undefined ? {} : { lastMessage: last.message }),
      ...this.#peer(conversation, client),
    } as unknown as ListRow);
  }

  #peer({ members, reads }: FakeConversation, client: string): object {
    const [other, ...more] = members.filter((member) => member !== client);
    if (other === undefined || more.length > 0) return {};
    const readSeq = reads.get(other) ?? 0;
    return { peer: { client: other, readSeq, deliveredSeq: readSeq } };
  }

  get(id: string): FakeConversation {
    const conversation = this.conversations.get(id);
    if (conversation === undefined)
      throw Object.assign(new Error('not_found'), { wire: wireError('not_found') });
    return conversation;
  }

  /** Members came in, or began it: `creator` is one of them. */
  enter(id: string, members: string[], by: string, origin?: Origin): EntryView {
    const conversation = this.get(id);
    const seq = conversation.entries.length + 1;
    const kind = seq === 1 ? 'created' : 'added';
    conversation.members = [...new Set([...conversation.members, ...members])];
    const entry = { conversation: id, seq, time: 1_700_000_000_000 + seq, by, kind, members } as never;
    return this.append(conversation, entry, origin);
  }
}
