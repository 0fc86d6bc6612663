import type { ChangeMarks } from './change-marks.js';
import type { Database } from './database.js';
import { Generations } from './generations.js';
import { ordinaryCode } from './schema.js';

/** What the writer knows of a conversation in use. Ahead of the file by what the running transaction has not flushed. */
export interface HeadState {
  readonly key: number;
  readonly id: string;
  readonly kind: number;
  last: number;
  lastTime: number;
  count: number;
  lastMessageSeq: number;
  lastMessageTime: number;
  floor: number;
  origin: number;
  deletedAt: number | null;
  memberCount: number;
  lastRecalledSeq: number;
  lastMentionAllSeq: number;
  lastStamp: number;
  /** The five minutes of the last message that the writer knows of; -1: of none. See spoken.ts. */
  period: number;
  /** Something that all members see changed. */
  dirty: boolean;
  /** One of the columns that seldom change did. */
  coldDirty: boolean;
  /** Counting messages per author (client key) that the member rows do not know yet; 0: wrote only what does not count. */
  own: Map<number, { n: number; last: number }> | undefined;
}

interface HeadRow extends Omit<HeadState, 'dirty' | 'coldDirty' | 'own' | 'period'> {
  readonly key: number;
}

const selectHead = `SELECT c.key, c.id, h.kind, h.last, h.lastTime, h.count, h.lastMessageSeq, h.lastMessageTime, h.floor, h.origin,
  h.deletedAt, h.memberCount, h.lastRecalledSeq, h.lastMentionAllSeq, h.lastStamp
  FROM conversation c JOIN head h ON h.conv = c.key WHERE c.app = ? AND c.id = ?`;
const updateHead =
  'UPDATE head SET last=?, lastTime=?, count=?, lastMessageSeq=?, lastMessageTime=?, rev=? WHERE conv=?';
const updateColdHead =
  'UPDATE head SET floor=?, deletedAt=?, memberCount=?, lastRecalledSeq=?, lastMentionAllSeq=?, lastStamp=? WHERE conv=?';
const updateStamp =
  'INSERT INTO app_stamp VALUES (?, ?) ON CONFLICT (app) DO UPDATE SET last = excluded.last';
const updateOwn = 'UPDATE member SET own = own + ?, lastOwnSeq = ? WHERE client = ? AND conv = ?';
const insertOutsider = 'INSERT OR IGNORE INTO outsider VALUES (?,?)';
const selectRow = 'SELECT 1 FROM member WHERE client = ? AND conv = ?';

export interface CacheSizes {
  readonly conversations: number;
  readonly clients: number;
  readonly apps: number;
}

/**
 * The writer's memory: integer keys and heads, so that an append reads nothing. Head rows and own counts are written
 * once per transaction and conversation ({@link flush}), whatever was appended.
 */
export class WriteContext {
  private readonly heads: Generations<string, HeadState>;
  private readonly clients: Generations<string, number>;
  /** Last stamps of apps; those of the running transaction. */
  private readonly stamps: Generations<string, number>;
  private readonly newStamps = new Map<string, number>();
  private readonly touched: HeadState[] = [];
  private rev: number;
  private storedRev: number;

  constructor(
    readonly db: Database,
    readonly marks: ChangeMarks,
    sizes: CacheSizes = { conversations: 50_000, clients: 100_000, apps: 10_000 },
  ) {
    this.heads = new Generations(sizes.conversations);
    this.clients = new Generations(sizes.clients);
    this.stamps = new Generations(sizes.apps);
    this.rev = this.storedRev = this.readRev();
  }

  /** Undefined: there is none. Deleted ones are found. */
  conversation(app: string, id: string): HeadState | undefined {
    const key = `${app}\n${id}`;
    const known = this.heads.get(key);
    if (known !== undefined) return known;
    const row = this.db.get<HeadRow>(selectHead, app, id);
    if (row === undefined) return undefined;
    const head: HeadState = { ...row, period: -1, dirty: false, coldDirty: false, own: undefined };
    this.heads.set(key, head);
    return head;
  }

  /** The client's key. Who is named for the first time, at `at`, gets a record with it. */
  client(app: string, id: string, at = Date.now()): number {
    const known = this.knownClient(app, id);
    if (known !== undefined) return known;
    const { lastInsertRowid } = this.db.run(
      'INSERT INTO client (app, id, firstSeen) VALUES (?, ?, ?)',
      app,
      id,
      at,
    );
    const made = Number(lastInsertRowid);
    this.clients.set(`${app}\n${id}`, made);
    return made;
  }

  knownClient(app: string, id: string): number | undefined {
    const key = `${app}\n${id}`;
    let found = this.clients.get(key);
    if (found === undefined) {
      found = this.db.get<{ key: number }>('SELECT key FROM client WHERE app = ? AND id = ?', app, id)?.key;
      if (found !== undefined) this.clients.set(key, found);
    }
    return found;
  }

  /** Remembers that the head has to be written before the commit. */
  touch(head: HeadState): void {
    if (head.dirty) return;
    head.dirty = true;
    this.touched.push(head);
  }

  touchCold(head: HeadState): void {
    head.coldDirty = true;
    this.touch(head);
  }

  countOwn(head: HeadState, author: number, seq: number): void {
    head.own ??= new Map();
    const counted = head.own.get(author);
    if (counted === undefined) head.own.set(author, { n: 1, last: seq });
    else {
      counted.n += 1;
      counted.last = seq;
    }
  }

  /** A message that counts for nobody. */
  wroteUncounted(head: HeadState, author: number): void {
    head.own ??= new Map();
    if (!head.own.has(author)) head.own.set(author, { n: 0, last: 0 });
  }

  /** Whoever wrote in an ordinary conversation has a row of one kind or the other. */
  noteAuthor(head: HeadState, author: number): void {
    if (head.kind === ordinaryCode && this.db.get(selectRow, author, head.key) === undefined)
      this.db.run(insertOutsider, author, head.key);
  }

  /** Before member rows of the conversation are read or changed. */
  flushOwn(head: HeadState): void {
    if (head.own === undefined) return;
    for (const [client, { n, last }] of head.own) {
      if (n === 0) this.noteAuthor(head, client);
      else if (Number(this.db.run(updateOwn, n, last, client, head.key).changes) === 0)
        this.noteAuthor(head, client);
    }
    head.own = undefined;
  }

  /**
   * The revision of a change in the conversation with this key. Whatever alters what a client sees in a list takes one:
   * sync finds it by the number, and lists that readers remember by the mark. Higher than all before; about the time in
   * microseconds, so that it does not count what other apps do.
   */
  nextRev(conv: number): number {
    this.marks.conversation(conv);
    return (this.rev = Math.max(this.rev + 1, Date.now() * 1_000));
  }

  /** Not before `time`, and later than every stamp of the app: a client that knows one asks for those after it. */
  nextStamp(app: string, time: number): number {
    const last = this.newStamps.get(app) ?? this.stamps.get(app) ?? this.readStamp(app);
    const stamp = Math.max(time, last + 1);
    this.newStamps.set(app, stamp);
    return stamp;
  }

  private readStamp(app: string): number {
    return this.db.get<{ last: number }>('SELECT last FROM app_stamp WHERE app = ?', app)?.last ?? 0;
  }

  /** Last thing before the commit. */
  flush(): void {
    for (const head of this.touched) {
      this.flushOwn(head);
      const rev = this.nextRev(head.key);
      this.db.run(
        updateHead,
        head.last,
        head.lastTime,
        head.count,
        head.lastMessageSeq,
        head.lastMessageTime,
        rev,
        head.key,
      );
      if (head.coldDirty) {
        const { floor, deletedAt, memberCount, lastRecalledSeq, lastMentionAllSeq, lastStamp, key } = head;
        this.db.run(
          updateColdHead, floor, deletedAt, memberCount, lastRecalledSeq, lastMentionAllSeq, lastStamp, key,
        ); // prettier-ignore
      }
      head.dirty = head.coldDirty = false;
    }
    this.touched.length = 0;
    for (const [app, stamp] of this.newStamps) {
      this.db.run(updateStamp, app, stamp);
      this.stamps.set(app, stamp);
    }
    this.newStamps.clear();
    if (this.rev !== this.storedRev) {
      this.db.run(`UPDATE store SET value = ? WHERE name = 'rev'`, this.rev);
      this.storedRev = this.rev;
    }
  }

  /** After a rollback nothing in memory can be trusted. */
  forget(): void {
    this.heads.clear();
    this.clients.clear();
    this.stamps.clear();
    this.newStamps.clear();
    this.touched.length = 0;
    this.rev = this.storedRev = this.readRev();
  }

  private readRev(): number {
    const row = this.db.get<{ value: number }>(`SELECT value FROM store WHERE name = 'rev'`);
    if (row === undefined) throw new Error('the store has no revision');
    return row.value;
  }
}
