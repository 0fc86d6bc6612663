import type { Installation } from '@hongyan/apps';
import type { ImportedMessage, ImportItem } from '@hongyan/conversations';
import { type ClientId, isClientId } from '@hongyan/protocol';
import { readConversation, readThread } from './read-conversation.js';
import { readInstallation } from './read-installation.js';
import { readMessage, unknownColumns } from './read-message.js';
import { threadId } from './row-keys.js';
import type { Placed, Unit } from './units.js';

/** What is to be done, in order. */
export type Step =
  | { readonly do: 'conversation'; readonly item: ImportItem; readonly from: Placed }
  | {
      readonly do: 'subscriber';
      readonly conversation: string;
      readonly client: ClientId;
      readonly at: number;
    }
  | { readonly do: 'installation'; readonly installation: Installation; readonly from: Placed }
  /** After the messages of the conversation. Who is not named has read all. */
  | {
      readonly do: 'unread';
      readonly conversation: string;
      readonly unread: readonly { readonly client: ClientId; readonly count: number }[];
    }
  | {
      readonly do: 'message';
      readonly conversation: string;
      readonly message: ImportedMessage;
      readonly from: Placed;
      /** Rows that this one replaces. */
      readonly replaced: number;
    };

/** `taken`: the row is, but not all of it. */
export type Report = (from: Placed, why: string, taken: boolean, id?: string) => void;

export interface PlanOptions {
  /** Members that a conversation may have. */
  readonly mostMembers: number;
  /** Whether an import before this one took the row. */
  readonly isKnown?: (placed: Placed) => boolean;
  /** Whether the folder says what is unread. */
  readonly hasUnread?: boolean;
}

/** Messages of a thread that wait for one that tells whose it is. */
const mostWaiting = 5_000;

interface Thread {
  readonly id: string;
  client: string | undefined;
  waiting: (Unit & { unit: 'message' })[];
}

/** Turns what the rows say into steps, and reports what cannot be one. Knows nothing of what is done with them. */
export class Plan {
  private current: { id: string; kind: 'none' | 'ordinary' | 'room' | 'system' } = { id: '', kind: 'none' };
  private orphanOf: string | undefined;
  private thread: Thread | undefined;
  private unread = new Map<ClientId, number>();
  private readonly toldColumns = new Set<string>();

  constructor(
    private readonly now: number,
    private readonly report: Report,
    private readonly options: PlanOptions,
  ) {}

  stepsOf(unit: Unit): Step[] {
    switch (unit.unit) {
      case 'conversation':
        return [...this.end(), ...this.conversation(unit)];
      case 'installation':
        return this.installation(unit);
      case 'unread':
        return [...this.endThread(), ...this.noteUnread(unit)];
      case 'subscription':
        return this.subscription(unit);
      case 'message':
        return unit.thread === undefined
          ? [...this.endThread(), ...this.message(unit, unit.id)]
          : this.threadMessage(unit, unit.thread);
    }
  }

  /** After the last unit of a conversation. */
  end(): Step[] {
    return [...this.endThread(), ...this.endUnread()];
  }

  private conversation(unit: Unit & { unit: 'conversation' }): Step[] {
    const from = unit.conversations.at(-1);
    this.current = { id: unit.id, kind: 'none' };
    this.orphanOf = undefined;
    if (from === undefined) {
      this.orphanOf = 'nothing says what its conversation is';
      for (const placed of [...unit.roles, ...unit.silenced, ...unit.blocked])
        this.report(placed, this.orphanOf, false, unit.id);
      return [];
    }
    const rowsOf = (list: readonly Placed[]) => list.map(({ row }) => row);
    const { item, notes, why } = readConversation(
      {
        conversations: rowsOf(unit.conversations),
        roles: rowsOf(unit.roles),
        silenced: rowsOf(unit.silenced),
        blocked: rowsOf(unit.blocked),
        known: unit.conversations.findLast((one) => this.options.isKnown?.(one))?.row,
      },
      this.now,
      this.options.mostMembers,
    );
    for (const note of notes) this.report(from, note, true, unit.id);
    if (unit.beyond !== undefined) {
      const { first, rows } = unit.beyond;
      this.report(first, `its list is too long: ${rows} rows from here on were left out`, false, unit.id);
    }
    if (item === undefined) {
      this.orphanOf = 'its conversation could not be taken';
      this.report(from, why!, false, unit.id);
      return [];
    }
    this.current = { id: unit.id, kind: item.conversation.kind as 'ordinary' };
    return [{ do: 'conversation', item, from }];
  }

  private subscription({ id, placed }: Unit & { unit: 'subscription' }): Step[] {
    const { subscriber, timestamp } = placed.row;
    const why =
      this.orphanOf ??
      (this.current.kind !== 'system'
        ? 'a subscription of what is no service'
        : typeof subscriber !== 'string' || !isClientId(subscriber)
          ? 'the subscriber cannot be a client id here'
          : undefined);
    if (why !== undefined) {
      this.report(placed, why, false, id);
      return [];
    }
    const at = typeof timestamp === 'number' && timestamp > 0 && timestamp <= this.now ? timestamp : this.now;
    return [{ do: 'subscriber', conversation: id, client: subscriber as ClientId, at: Math.floor(at) }];
  }

  private installation({ placed, text }: Unit & { unit: 'installation' }): Step[] {
    const installation = readInstallation(placed.row, text);
    if (!('why' in installation)) return [{ do: 'installation', installation, from: placed }];
    this.report(placed, installation.why, false, String(placed.row['objectId']).slice(0, 80));
    return [];
  }

  private noteUnread({ id, placed }: Unit & { unit: 'unread' }): Step[] {
    const { client, count } = placed.row;
    const why =
      this.orphanOf ??
      (this.current.kind !== 'ordinary'
        ? 'unread counts are of ordinary conversations'
        : typeof client !== 'string' || !isClientId(client)
          ? 'who has not read cannot be a client id here'
          : !Number.isSafeInteger(count) || (count as number) < 0 || (count as number) > 1_000_000
            ? 'the unread count is no number'
            : undefined);
    if (why !== undefined) this.report(placed, why, false, id);
    else this.unread.set(client as ClientId, count as number);
    return [];
  }

  private endUnread(): Step[] {
    const { unread, current } = this;
    this.unread = new Map();
    if (this.options.hasUnread !== true || current.kind !== 'ordinary') return [];
    this.current = { id: '', kind: 'none' };
    const list = [...unread].map(([client, count]) => ({ client, count }));
    return [{ do: 'unread', conversation: current.id, unread: list }];
  }

  private message({ placed, earlier }: Unit & { unit: 'message' }, conversation: string): Step[] {
    const row = contentOf(placed);
    const message: ReturnType<typeof readMessage> =
      this.orphanOf === undefined ? readMessage(row, this.now) : { why: this.orphanOf };
    const id = String(row['msg-id']);
    if ('why' in message) {
      for (const one of [...earlier, placed]) this.report(one, message.why, false, id);
      return [];
    }
    for (const column of unknownColumns(row))
      if (!this.toldColumns.has(column) && this.toldColumns.size < 100) {
        this.toldColumns.add(column);
        this.report(
          placed,
          `the column "${column.slice(0, 80)}" of messages was left out (told once)`,
          true,
          id,
        );
      }
    const others = earlier.filter((one) => (contentOf(one)['from'] ?? '') !== (row['from'] ?? ''));
    for (const one of others)
      this.report(one, 'another message has this id and time: the last row counts', false, id);
    return [{ do: 'message', conversation, message, from: placed, replaced: earlier.length - others.length }];
  }

  private threadMessage(unit: Unit & { unit: 'message' }, id: string): Step[] {
    const ended = this.thread?.id === id ? [] : this.endThread();
    const thread = (this.thread ??= { id, client: undefined, waiting: [] });
    if (this.orphanOf !== undefined || this.current.kind !== 'system') {
      for (const one of [...unit.earlier, unit.placed])
        this.report(one, this.orphanOf ?? 'a thread of what is no service', false);
      return ended;
    }
    if (thread.client !== undefined) return [...ended, ...this.message(unit, id)];
    thread.client = [unit.placed, ...unit.earlier]
      .map((one) => clientOf(one, unit.id, id))
      .find((one) => one !== undefined);
    thread.waiting.push(unit);
    if (thread.client === undefined) {
      if (thread.waiting.length > mostWaiting) this.giveUp(thread.waiting.splice(0, 1));
      return ended;
    }
    if (!isClientId(thread.client)) {
      for (const { placed } of thread.waiting.splice(0))
        this.report(placed, 'the client of the thread cannot be a client id here', false);
      thread.client = undefined;
      return ended;
    }
    const first = contentOf(thread.waiting[0]!.placed)['timestamp'] as number;
    const item = readThread(id, unit.id, thread.client, Math.min(first, this.now));
    const waiting = thread.waiting.splice(0);
    return [
      ...ended,
      { do: 'conversation', item, from: unit.placed },
      ...waiting.flatMap((one) => this.message(one, id)),
    ];
  }

  private endThread(): Step[] {
    if (this.thread !== undefined) this.giveUp(this.thread.waiting);
    this.thread = undefined;
    return [];
  }

  private giveUp(units: readonly (Unit & { unit: 'message' })[]): void {
    for (const { placed } of units)
      this.report(placed, 'nothing tells which client this message of a service is for', false);
  }
}

/** The message itself, of rows that hold one. */
function contentOf({ row }: Placed): Readonly<Record<string, unknown>> {
  const { message, broadcast, service } = row;
  if (typeof message === 'object' && message !== null) return message as Readonly<Record<string, unknown>>;
  if (typeof broadcast === 'object' && broadcast !== null && service !== undefined) {
    return { from: service, ...(broadcast as Readonly<Record<string, unknown>>) };
  }
  return row;
}

function clientOf({ row }: Placed, service: string, thread: string): string | undefined {
  if (typeof row['client'] === 'string') return row['client'];
  const { from } = row;
  return typeof from === 'string' && threadId(service, from) === thread ? from : undefined;
}
