import type { ListRow } from '@hongyan/protocol';
import type { Commands } from './commands.js';
import type { Settings } from './options.js';
import type { Conversations } from './registry.js';

/** After a (re)connect: what changed meanwhile, and which of it is fetched. */
export class Sync {
  token: string | undefined;
  /** Most rows that the app allows on a page. */
  page = 1;
  /** One runs at a time; a connect during one begins another after it. */
  #running: Promise<void> | undefined;

  constructor(
    private readonly commands: Commands,
    private readonly conversations: Conversations,
    private readonly settings: Settings,
    private readonly save: (token: string) => void,
  ) {}

  /** Rejects when the connection is lost meanwhile; the next connect runs it again. */
  run(): Promise<void> {
    this.#running = (this.#running ?? Promise.resolve()).catch(() => undefined).then(() => this.#run());
    return this.#running;
  }

  async #run(): Promise<void> {
    if (this.token !== undefined) return this.#since(this.token);
    const followed = [...this.conversations.all()].filter((conversation) => conversation.isOpen);
    if (this.settings.preload > 0) {
      const got = await this.commands.call('conversation.list', {
        limit: Math.min(this.settings.preload, this.page),
      });
      this.#take(got.items);
      this.accept(got.token);
    }
    for (const conversation of followed) conversation.refreshSoon();
  }

  async #since(token: string): Promise<void> {
    const rows: ListRow[] = [];
    let cursor: string | undefined;
    let reset = false;
    let next: string | undefined;
    do {
      const got = await this.commands.call('conversation.sync', {
        token,
        ...(cursor === undefined ? {} : { cursor }),
      });
      rows.push(...got.items);
      reset ||= got.reset;
      for (const id of got.gone) this.conversations.gone(id);
      cursor = got.cursor;
      next = got.token ?? next;
    } while (cursor !== undefined);
    if (reset) this.#startOver(rows);
    this.#take(rows);
    if (next !== undefined) this.#accept(next);
    for (const conversation of this.conversations.all()) {
      conversation.logs.resume();
      conversation.settleUnread();
    }
  }

  /** Takes a position if there is none: everything before it is known. */
  accept(token: string): void {
    if (this.token === undefined) this.#accept(token);
  }

  #accept(token: string): void {
    this.token = token;
    this.save(token);
  }

  /** The server does not know my position: it was restored from a backup, and the list is all that it can tell. */
  #startOver(rows: readonly ListRow[]): void {
    const mine = new Set<string>(rows.map((row) => row.conversation.id));
    for (const row of rows)
      if (this.conversations.followed(row.conversation.id))
        this.conversations.of(row.conversation.id).rewind(row);
    for (const conversation of this.conversations.all()) {
      if (conversation.own !== undefined && !conversation.joined && !mine.has(conversation.id))
        conversation.leaveBehind();
    }
  }

  #take(rows: readonly ListRow[]): void {
    const resumed = this.token !== undefined;
    const behind: ListRow[] = [];
    for (const row of rows) {
      const { conversation, own } = row;
      // Turned up while I was away: nothing of it was given to the app, and to none of my devices beyond these.
      if (resumed && !this.conversations.followed(conversation.id)) {
        const base = Math.max(own.deliveredSeq, own.readSeq, own.clearedSeq, own.joinedSeq - 1, 0);
        this.conversations.of(conversation.id).logs.main.tracker.startAt(Math.min(base, conversation.seq));
      }
      const { known = 0 } = this.conversations.apply(row).logs.main.tracker;
      if (known < conversation.seq || row.thread !== undefined) behind.push(row);
    }
    behind.sort((a, b) => (b.conversation.lastMessageAt ?? 0) - (a.conversation.lastMessageAt ?? 0));
    let others = 0;
    for (const row of behind) {
      const conversation = this.conversations.of(row.conversation.id);
      conversation.logs.catchUp(conversation.isOpen || ++others <= this.settings.catchUp, row);
    }
  }
}
