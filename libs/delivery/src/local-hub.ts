import type {
  AppId,
  ClientId,
  CloseOrder,
  ConversationId,
  Delivery,
  OpenSession,
  SessionId,
} from '@hongyan/protocol';
import { fanOut } from './fan-out.js';
import { KeptSessions } from './kept-sessions.js';
import type { AttachOptions, Hub, Presence, Rooms, SessionBounds, SessionSink } from './ports.js';
import { AppTable, addTo, each, removeFrom, SessionNode } from './session-table.js';

export interface LocalHubOptions {
  readonly now?: () => number;
  /** Told when an event cannot be encoded: a bug; the event is fetched later. */
  readonly onError?: (error: unknown) => void;
}

/** Sessions of an app that are closed in one turn of the event loop, so that other apps do not wait for it. */
const CLOSED_AT_ONCE = 200;

/** Hub, presence and rooms of an installation that is one process: a table in memory, keyed by app first. */
export class LocalHub implements Hub, Presence, Rooms {
  private readonly apps = new Map<AppId, AppTable>();
  private readonly kept = new KeptSessions<AppTable>((node, table) => this.letGo(node, table));
  private readonly now: () => number;
  private readonly onError: (error: unknown) => void;
  private sweeper: NodeJS.Timeout | undefined;
  private attached = 0;

  constructor(options: LocalHubOptions = {}) {
    this.now = options.now ?? Date.now;
    this.onError = options.onError ?? (() => undefined);
  }

  // ── Hub ──────────────────────────────────────────────────────────────────────────────────────────────────────

  get sessions(): number {
    return this.attached;
  }

  sessionsIn(app: AppId): number {
    return this.apps.get(app)?.attached ?? 0;
  }

  attach(sink: SessionSink, options?: AttachOptions): SessionSink | undefined {
    const { session } = sink;
    if (options !== undefined) this.apps.get(session.app)?.checkBounds(session, options);
    const node = this.nodeOf(session);
    const former = node.sink;
    node.sink = sink;
    node.session = session;
    if (former === undefined) {
      this.attached += 1;
      this.apps.get(session.app)!.attached += 1;
    }
    return former === sink ? undefined : former;
  }

  detach(sink: SessionSink): void {
    const { app, session } = sink.session;
    const table = this.apps.get(app);
    const node = table?.sessions.get(session);
    if (table === undefined || node?.sink !== sink) return;
    node.sink = undefined;
    this.attached -= 1;
    table.attached -= 1;
    this.forget(node, table);
  }

  close(order: CloseOrder): void {
    const table = this.apps.get(order.app);
    if (table === undefined) return;
    const concerned = (session: SessionId) => order.sessions?.includes(session) ?? true;
    for (const node of each(table.clients.get(order.client))) {
      if (concerned(node.session.session)) node.sink?.close(order);
    }
    for (const node of each(table.kept.get(order.client))) {
      if (concerned(node.session.session)) this.letGo(node, table);
    }
  }

  enforce(app: AppId, bounds: SessionBounds | undefined): void {
    const table = this.apps.get(app);
    if (table === undefined) return;
    const reason = bounds === undefined ? 'app_unavailable' : 'limit_exceeded';
    const beyond = bounds === undefined ? [...table.sessions.values()] : table.beyond(bounds);
    const closeSome = (): void => {
      for (const node of beyond.splice(0, CLOSED_AT_ONCE)) {
        const { client, session } = node.session;
        if (node.sink !== undefined) node.sink.close({ app, client, sessions: [session], reason });
        else if (bounds === undefined && node.keptUntil > 0) this.letGo(node, table);
      }
      if (beyond.length > 0) setImmediate(closeSome);
    };
    closeSome();
  }

  publish(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      try {
        const table = this.apps.get(delivery.app);
        if (table !== undefined) fanOut(table, delivery);
      } catch (error) {
        this.onError(error);
      }
    }
  }

  // ── Presence ─────────────────────────────────────────────────────────────────────────────────────────────────

  opened(session: OpenSession): Promise<{ first: boolean; resumedRooms: ConversationId[] }> {
    this.kept.sweep(this.now());
    const node = this.nodeOf(session);
    const table = this.apps.get(session.app)!;
    const first = !table.isOnline(session.client);
    if (first) table.onlineClients += 1;
    node.online = true;
    if (node.keptUntil > 0) this.takeBack(node, table);
    else this.inherit(node, table);
    return Promise.resolve({ first, resumedRooms: [...(node.rooms ?? [])] });
  }

  closed(session: OpenSession, keepRoomsMs: number): Promise<{ last: boolean }> {
    this.kept.sweep(this.now());
    const table = this.apps.get(session.app);
    const node = table?.sessions.get(session.session);
    // A sink means that the session has come back over another connection in the meantime.
    if (table === undefined || node === undefined || !node.online || node.sink !== undefined) {
      return Promise.resolve({ last: false });
    }
    node.online = false;
    const last = !table.isOnline(session.client);
    if (last) table.onlineClients -= 1;
    table.watch(node, []);
    if (keepRoomsMs > 0 && node.rooms !== undefined) this.keep(node, table, keepRoomsMs);
    this.forget(node, table);
    return Promise.resolve({ last });
  }

  keepsRooms(session: OpenSession): Promise<boolean> {
    this.kept.sweep(this.now());
    const table = this.apps.get(session.app);
    const node = table?.sessions.get(session.session) ?? table?.keptOf(session);
    return Promise.resolve(node?.rooms !== undefined);
  }

  online(app: AppId, clients: readonly ClientId[]): Promise<ClientId[]> {
    const table = this.apps.get(app);
    return Promise.resolve(table === undefined ? [] : clients.filter((client) => table.isOnline(client)));
  }

  sessionsOf(app: AppId, client: ClientId): Promise<OpenSession[]> {
    return Promise.resolve([...each(this.apps.get(app)?.clients.get(client))].map((node) => node.session));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous: elsewhere this is a network
  async *everyone(app: AppId, batch: number): AsyncGenerator<ClientId[]> {
    const table = this.apps.get(app);
    if (table === undefined) return;
    let clients: ClientId[] = [];
    for (const client of table.clients.keys()) {
      if (!table.isOnline(client)) continue;
      clients.push(client);
      if (clients.length < batch) continue;
      yield clients;
      clients = [];
    }
    if (clients.length > 0) yield clients;
  }

  onlineCount(app: AppId): Promise<number> {
    return Promise.resolve(this.apps.get(app)?.onlineClients ?? 0);
  }

  watch(app: AppId, session: SessionId, clients: readonly ClientId[]): Promise<void> {
    const table = this.apps.get(app);
    const node = table?.sessions.get(session);
    if (table !== undefined && node?.online) table.watch(node, clients);
    return Promise.resolve();
  }

  watchers(app: AppId, client: ClientId): Promise<SessionId[]> {
    return Promise.resolve(
      [...each(this.apps.get(app)?.watchers.get(client))].map((node) => node.session.session),
    );
  }

  // ── Rooms ────────────────────────────────────────────────────────────────────────────────────────────────────

  join(
    app: AppId,
    room: ConversationId,
    session: OpenSession,
    max: number,
  ): Promise<{ left: ConversationId[] }> {
    const table = this.apps.get(app);
    const node = table?.sessions.get(session.session);
    const left: ConversationId[] = [];
    // A session that has gone meanwhile joins nothing: nobody would take it out again.
    if (table === undefined || node === undefined || node.rooms?.includes(room))
      return Promise.resolve({ left });
    while (node.rooms !== undefined && node.rooms.length >= Math.max(1, max)) {
      const eldest = node.rooms[0]!;
      table.leave(node, eldest);
      left.push(eldest);
    }
    table.join(node, room);
    return Promise.resolve({ left });
  }

  leave(app: AppId, room: ConversationId, session: SessionId): Promise<void> {
    const table = this.apps.get(app);
    const node = table?.sessions.get(session);
    if (table !== undefined && node !== undefined) table.leave(node, room);
    return Promise.resolve();
  }

  joined(app: AppId, room: ConversationId, session: SessionId): boolean {
    return this.apps.get(app)?.sessions.get(session)?.rooms?.includes(room) ?? false;
  }

  expel(app: AppId, room: ConversationId, clients: readonly ClientId[]): Promise<void> {
    const table = this.apps.get(app);
    for (const client of clients) {
      for (const node of each(table?.rooms.get(room)?.get(client))) table!.leave(node, room);
    }
    return Promise.resolve();
  }

  count(app: AppId, room: ConversationId): Promise<number> {
    this.kept.sweep(this.now());
    return Promise.resolve(this.apps.get(app)?.rooms.get(room)?.size ?? 0);
  }

  sample(app: AppId, room: ConversationId, limit: number): Promise<ClientId[]> {
    this.kept.sweep(this.now());
    return Promise.resolve([...(this.apps.get(app)?.rooms.get(room)?.keys() ?? [])].slice(0, limit));
  }

  // ── sessions that are waited for ─────────────────────────────────────────────────────────────────────────────

  private nodeOf(session: OpenSession): SessionNode {
    let table = this.apps.get(session.app);
    if (table === undefined) this.apps.set(session.app, (table = new AppTable()));
    let node = table.sessions.get(session.session);
    if (node === undefined) table.sessions.set(session.session, (node = new SessionNode(session)));
    if (node.sink === undefined && !node.online) addTo(table.clients, session.client, node);
    return node;
  }

  private keep(node: SessionNode, table: AppTable, keepRoomsMs: number): void {
    addTo(table.kept, node.session.client, node);
    this.kept.add(node, table, this.now() + keepRoomsMs);
    this.sweeper ??= setInterval(() => this.sweep(), 5_000).unref();
  }

  private sweep(): void {
    this.kept.sweep(this.now());
    if (this.kept.waiting) return;
    clearInterval(this.sweeper);
    this.sweeper = undefined;
  }

  private takeBack(node: SessionNode, table: AppTable): void {
    node.keptUntil = 0;
    removeFrom(table.kept, node.session.client, node);
  }

  /** A new session of a device takes over the rooms that its dropped one held. */
  private inherit(node: SessionNode, table: AppTable): void {
    const former = table.keptOf(node.session);
    if (former === undefined) return;
    for (const room of former.rooms ?? []) if (!node.rooms?.includes(room)) table.join(node, room);
    this.letGo(former, table);
  }

  private letGo(node: SessionNode, table: AppTable): void {
    this.takeBack(node, table);
    this.forget(node, table);
  }

  private forget(node: SessionNode, table: AppTable): void {
    table.forget(node);
    if (table.empty) this.apps.delete(node.session.app);
  }
}
