import { readRecords } from './read-records.js';
import { type SortRecord, keyParts } from './record.js';
import { tags } from './row-keys.js';

type Row = Readonly<Record<string, unknown>>;

/** A row and where it stands. */
export interface Placed {
  readonly row: Row;
  readonly part: number;
  readonly line: number;
}

/** What the sorted rows say, in the order in which it is taken. */
export type Unit =
  /**
   * First of all that is about a conversation. Without `conversations`: nothing says what it is. `beyond`: rows of lists that are
   * too long to be taken whole.
   */
  | {
      readonly unit: 'conversation';
      readonly id: string;
      readonly offset: number;
      readonly conversations: readonly Placed[];
      readonly roles: readonly Placed[];
      readonly silenced: readonly Placed[];
      readonly blocked: readonly Placed[];
      readonly beyond?: { readonly first: Placed; readonly rows: number };
    }
  | { readonly unit: 'subscription'; readonly id: string; readonly placed: Placed }
  /** `text`: the row as it stands in the folder. `earlier`: how many rows of the same installation do not count. */
  | {
      readonly unit: 'installation';
      readonly placed: Placed;
      readonly text: string;
      readonly earlier: number;
    }
  | { readonly unit: 'unread'; readonly id: string; readonly placed: Placed }
  /** `thread`: the id of the thread, of a message between a service and a client. `earlier`: rows of the same message that do not count. */
  | {
      readonly unit: 'message';
      readonly id: string;
      readonly thread?: string;
      readonly placed: Placed;
      readonly earlier: readonly Placed[];
    };

interface Head {
  readonly id: string;
  readonly offset: number;
  readonly rows: Record<'conversations' | 'roles' | 'silenced' | 'blocked', Placed[]>;
  beyond?: { readonly first: Placed; readonly rows: number };
}

const lists: Readonly<Record<string, keyof Head['rows']>> = {
  [tags.conversation]: 'conversations',
  [tags.role]: 'roles',
  [tags.silenced]: 'silenced',
  [tags.blocked]: 'blocked',
};

/** Rows of one list and conversation that are kept in memory: more than LeanCloud has. */
const longestList = 50_000;
/** Rows of one conversation, of which the last counts; some before tell what an earlier import found. */
const latestVersions = 20;

/** Reads the sorted file from a conversation's first byte. */
export async function* unitsOf(path: string, start = 0, longest = longestList): AsyncGenerator<Unit> {
  let head: Head | undefined;
  let told = false;
  let message: { key: string; unit: Unit & { unit: 'message' } } | undefined;
  let installation: { key: string; unit: Unit & { unit: 'installation' } } | undefined;
  for await (const { record, offset } of readRecords(path, start)) {
    const [id = '', tag = '', ...rest] = keyParts(record.key);
    if (message !== undefined && message.key !== record.key) {
      yield message.unit;
      message = undefined;
    }
    if (installation !== undefined && installation.key !== record.key) {
      yield installation.unit;
      installation = undefined;
    }
    if (tag === tags.installation) {
      const earlier = installation === undefined ? 0 : installation.unit.earlier + 1;
      const unit = { unit: 'installation', placed: placedOf(record), text: record.text, earlier } as const;
      installation = { key: record.key, unit };
      continue;
    }
    if (head?.id !== id) {
      if (head !== undefined && !told) yield headUnit(head);
      head = { id, offset, rows: { conversations: [], roles: [], silenced: [], blocked: [] } };
      told = false;
    }
    const placed = placedOf(record);
    const list = lists[tag];
    if (list !== undefined) {
      if (list === 'conversations' && head.rows[list].length >= latestVersions) head.rows[list].shift();
      if (head.rows[list].length < longest) head.rows[list].push(placed);
      else head.beyond = { first: head.beyond?.first ?? placed, rows: (head.beyond?.rows ?? 0) + 1 };
      continue;
    }
    if (!told) {
      told = true;
      yield headUnit(head);
    }
    if (tag === tags.subscription) yield { unit: 'subscription', id, placed };
    else if (tag === tags.unread) yield { unit: 'unread', id, placed };
    else {
      const thread = tag === tags.thread ? { thread: rest[0]! } : {};
      const earlier = message === undefined ? [] : [...message.unit.earlier.slice(-9), message.unit.placed];
      message = { key: record.key, unit: { unit: 'message', id, ...thread, placed, earlier } };
    }
  }
  if (installation !== undefined) yield installation.unit;
  if (message !== undefined) yield message.unit;
  else if (head !== undefined && !told) yield headUnit(head);
}

const headUnit = ({ id, offset, rows, beyond }: Head): Unit => ({
  unit: 'conversation',
  id,
  offset,
  ...rows,
  ...(beyond === undefined ? {} : { beyond }),
});

const placedOf = ({ text, part, line }: SortRecord): Placed => ({ row: JSON.parse(text) as Row, part, line });
