import {
  AppError,
  type ClientId,
  type ConversationId,
  type OpenSession,
  type SessionId,
} from '@hongyan/protocol';
import type { AttachOptions, SessionBounds, SessionSink } from './ports.js';

/** What this process knows of one session. Small on purpose: there is one per idle client. */
export class SessionNode {
  sink: SessionSink | undefined = undefined;
  /** Counts in presence. */
  online = false;
  /** In the order joined. */
  rooms: ConversationId[] | undefined = undefined;
  watches: readonly ClientId[] | undefined = undefined;
  /** Its rooms are kept until then; 0: the session is not waited for. */
  keptUntil = 0;

  constructor(public session: OpenSession) {}
}

/** One or more, without a collection for one. */
export type OneOrMany<T> = T | T[];

export function addTo<K, T>(map: Map<K, OneOrMany<T>>, key: K, value: T): void {
  const present = map.get(key);
  if (present === undefined) map.set(key, value);
  else if (Array.isArray(present)) present.push(value);
  else map.set(key, [present, value]);
}

export function removeFrom<K, T>(map: Map<K, OneOrMany<T>>, key: K, value: T): void {
  const present = map.get(key);
  if (present === value) map.delete(key);
  else if (Array.isArray(present)) {
    const at = present.indexOf(value);
    if (at < 0) return;
    present.splice(at, 1);
    if (present.length === 1) map.set(key, present[0]!);
  }
}

export function* each<T>(values: OneOrMany<T> | undefined): Generator<T> {
  if (values === undefined) return;
  if (Array.isArray(values)) yield* [...values];
  else yield values;
}

/** A room: distinct clients with their sessions. */
export type RoomTable = Map<ClientId, OneOrMany<SessionNode>>;

/** Everything of one app. Two apps with the same ids never share a table. */
export class AppTable {
  readonly sessions = new Map<SessionId, SessionNode>();
  /** Sessions that are attached or online. */
  readonly clients = new Map<ClientId, OneOrMany<SessionNode>>();
  readonly rooms = new Map<ConversationId, RoomTable>();
  readonly watchers = new Map<ClientId, OneOrMany<SessionNode>>();
  /** Dropped sessions that hold rooms and are waited for. */
  readonly kept = new Map<ClientId, OneOrMany<SessionNode>>();
  onlineClients = 0;
  /** Sessions that have a sink. */
  attached = 0;

  /** Throws `limit_exceeded` if this session is one too many. One that comes back takes its own place. */
  checkBounds(session: OpenSession, { bounds, ends = () => false }: AttachOptions): void {
    if (this.sessions.get(session.session)?.sink !== undefined) return;
    if (this.attached >= bounds.connections)
      throw new AppError('limit_exceeded', { detail: 'The app has as many connections as it may have.' });
    let open = 0;
    for (const { sink, session: other } of each(this.clients.get(session.client)))
      if (sink !== undefined && !ends(other)) open += 1;
    if (open >= bounds.sessionsPerClient)
      throw new AppError('limit_exceeded', { detail: 'The client has as many sessions as it may have.' });
  }

  /** Sessions with a sink that are one too many: the latest of each client's, then the latest of all. */
  beyond(bounds: SessionBounds): SessionNode[] {
    const beyond = new Set<SessionNode>();
    for (const nodes of this.clients.values()) {
      if (!Array.isArray(nodes)) continue;
      const open = nodes.filter(({ sink }) => sink !== undefined);
      for (const node of open.slice(bounds.sessionsPerClient)) beyond.add(node);
    }
    if (this.attached - beyond.size > bounds.connections) {
      const staying = [...this.sessions.values()].filter(
        (node) => node.sink !== undefined && !beyond.has(node),
      );
      for (const node of staying.slice(bounds.connections)) beyond.add(node);
    }
    return [...beyond];
  }

  isOnline(client: ClientId): boolean {
    const nodes = this.clients.get(client);
    if (nodes === undefined) return false;
    return Array.isArray(nodes) ? nodes.some((node) => node.online) : nodes.online;
  }

  join(node: SessionNode, room: ConversationId): void {
    (node.rooms ??= []).push(room);
    const table: RoomTable = this.rooms.get(room) ?? new Map<ClientId, OneOrMany<SessionNode>>();
    this.rooms.set(room, table);
    addTo(table, node.session.client, node);
  }

  leave(node: SessionNode, room: ConversationId): void {
    const at = node.rooms?.indexOf(room) ?? -1;
    if (node.rooms === undefined || at < 0) return;
    if (node.rooms.length === 1) node.rooms = undefined;
    else node.rooms.splice(at, 1);
    const table = this.rooms.get(room);
    if (table === undefined) return;
    removeFrom(table, node.session.client, node);
    if (table.size === 0) this.rooms.delete(room);
  }

  leaveAll(node: SessionNode): void {
    for (const room of [...(node.rooms ?? [])]) this.leave(node, room);
  }

  watch(node: SessionNode, clients: readonly ClientId[]): void {
    for (const client of node.watches ?? []) removeFrom(this.watchers, client, node);
    node.watches = clients.length === 0 ? undefined : [...new Set(clients)];
    for (const client of node.watches ?? []) addTo(this.watchers, client, node);
  }

  /** The session that a device dropped last and that is waited for. */
  keptOf(session: OpenSession): SessionNode | undefined {
    return [...each(this.kept.get(session.client))].findLast(
      (node) => node.session.device === session.device,
    );
  }

  /** Forgets a session that is neither attached, online nor waited for. */
  forget(node: SessionNode): void {
    const { session } = node;
    if (node.sink !== undefined || node.online) return;
    removeFrom(this.clients, session.client, node);
    if (node.keptUntil > 0) return;
    this.leaveAll(node);
    this.watch(node, []);
    if (this.sessions.get(session.session) === node) this.sessions.delete(session.session);
  }

  get empty(): boolean {
    return this.sessions.size === 0;
  }
}
