import type { Backoff } from './backoff.js';
import type { HongyanError } from './errors.js';
import type { Presence } from './presence.js';
import type { Conversations } from './registry.js';
import type { Rooms } from './rooms.js';
import type { Sync } from './sync.js';

export interface ResumeHost {
  readonly conversations: Conversations;
  readonly presence: Presence;
  readonly rooms: Rooms;
  readonly sync: Sync;
  /** Between two attempts to sync. */
  readonly backoff: Backoff;
  online(): boolean;
  /** Sends what waits: messages and cursors. */
  flush(): void;
  /** Who of the watched clients is online. */
  present(client: string, online: boolean): void;
  synced(): void;
  caughtUp(): void;
  failed(what: string, error: HongyanError): void;
}

/** After each (re)connect: the rooms, what waits to be sent, who is online, and what was missed. */
export class Resume {
  readonly #rejoining = new Set<string>();
  /** Grows with every connect: what a former one still does is no longer told. */
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly host: ResumeHost) {}

  /** Is this room, if it is one, entered again? */
  entered(id: string): boolean {
    return !this.#rejoining.has(id);
  }

  /** `kept`: the server kept the rooms. */
  run(kept: boolean): void {
    const { host } = this;
    clearTimeout(this.#timer);
    host.backoff.reset();
    const turn = ++this.#turn;
    const rooms = kept ? Promise.resolve() : this.#rejoin();
    host.flush();
    this.#renewPresence().catch((error: unknown) => host.failed('presence', error as HongyanError));
    void this.#catchUp(turn, rooms);
  }

  close(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
  }

  async #rejoin(): Promise<void> {
    for (const room of this.host.rooms.joined) this.#rejoining.add(room.id);
    await this.host.rooms.rejoin();
    this.#rejoining.clear();
    this.host.flush();
  }

  async #renewPresence(): Promise<void> {
    const renewed = await this.host.presence.renew();
    for (const client of renewed?.watched ?? [])
      this.host.present(client, renewed?.online.has(client) ?? false);
  }

  async #catchUp(turn: number, rooms: Promise<void>): Promise<void> {
    const { host } = this;
    const current = (): boolean => turn === this.#turn && host.online();
    try {
      await host.sync.run();
    } catch (error) {
      host.failed('sync', error as HongyanError);
      if (current() && (error as HongyanError).temporary)
        this.#timer = setTimeout(
          () => current() && void this.#catchUp(turn, rooms),
          host.backoff.next((error as HongyanError).retryAfterMs),
        );
      return;
    }
    if (!current()) return; // the next connect tells
    host.synced();
    const open = [...host.conversations.all()].filter((conversation) => conversation.isOpen);
    await Promise.all([rooms, ...open.map(({ logs }) => logs.settled())]);
    if (current()) host.caughtUp();
  }
}
