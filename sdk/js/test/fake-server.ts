import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import type { EntryView, MessageView, WireError } from '@hongyan/protocol';
import { type FakeConversation, FakeLogs, wireError } from './fake-logs.js';

type Ack = (answer: { ok?: unknown; error?: WireError }) => void;
type Args = Record<string, never> & { conversation: string; op: string; body: string; seq: number };

export interface FakeSession {
  readonly socket: Socket;
  readonly client: string;
  readonly auth: Record<string, unknown>;
}

export interface Command {
  readonly name: string;
  readonly args: Args;
  readonly session: FakeSession;
}

/** A scripted server over real sockets: keeps logs as the model says, and misbehaves when it is told to. */
export class FakeServer extends FakeLogs<FakeSession> {
  readonly sessions = new Set<FakeSession>();
  readonly commands: Command[] = [];
  /** Decides a command instead of the server: true when it did (or will) answer by itself. */
  intercept: (command: Command, ack: Ack, run: () => unknown) => boolean = () => false;
  /** Refuses a login. */
  refuse: (auth: Record<string, unknown>) => WireError | undefined = () => undefined;
  resumed = false;
  /** Most items of a page. */
  page = 100;
  #http!: HttpServer;
  #io!: Server;
  #port = 0;
  #sessionCount = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<this> {
    this.#http = createServer();
    this.#io = new Server(this.#http, { transports: ['websocket'] });
    this.#io.use((socket, next) => {
      const refusal = this.refuse(socket.handshake.auth);
      next(refusal === undefined ? undefined : Object.assign(new Error(refusal.name), { data: refusal }));
    });
    this.#io.on('connection', (socket) => this.#connected(socket));
    await new Promise<void>((resolve) => this.#http.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#http.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    await this.#io.close();
  }

  /** Every connection breaks. */
  cut(): void {
    for (const { socket } of this.sessions) socket.conn.close();
  }

  emit(client: string, event: object): void {
    for (const session of this.sessions) if (session.client === client) session.socket.emit('e', event);
  }

  publish(entry: EntryView, origin?: FakeSession): void {
    const { members } = this.get(entry.conversation);
    const copy = structuredClone(entry);
    for (const session of this.sessions) {
      if (session === origin || !members.includes(session.client)) continue;
      const news =
        (entry.kind === 'created' || entry.kind === 'added') &&
        entry.members.includes(session.client as never);
      const view = news
        ? { conversationView: this.row(entry.conversation, session.client).conversation }
        : {};
      session.socket.emit('e', { type: 'entry', entry: copy, ...view });
    }
  }

  #connected(socket: Socket): void {
    const { auth } = socket.handshake;
    const client = String(auth.clientId ?? auth.token ?? auth.session).replace(/^session:/, '');
    const session: FakeSession = { socket, client, auth };
    this.sessions.add(session);
    socket.on('disconnect', () => this.sessions.delete(session));
    socket.emit('e', {
      ...{ type: 'session', session: `s${++this.#sessionCount}`, client, token: `session:${client}` },
      ...{
        expiresAt: Date.now() + 3_600_000,
        time: Date.now(),
        resumed: this.resumed && auth.session !== undefined,
      },
      limits: { frameBytes: 65_536, bodyBytes: 60_000, page: this.page },
    });
    socket.on('c', (name: string, args: Args, ack: Ack = () => undefined) => {
      const command = { name, args, session };
      this.commands.push(command);
      const run = (): unknown => this.run(command);
      if (this.intercept(command, ack, run)) return;
      try {
        ack({ ok: run() });
      } catch (error) {
        ack({ error: (error as { wire?: WireError }).wire ?? wireError('internal') });
      }
    });
  }

  /** What the server would do, without a socket. */
  run({ name, args, session }: Command): unknown {
    const { client } = session;
    const mine = (): FakeConversation[] =>
      [...this.conversations.values()].filter((c) => c.kind !== 'room' && c.members.includes(client));
    const totals = { unread: 0, mentionUnread: 0, unmutedUnread: 0 };
    switch (name) {
      case 'message.send':
        return this.#send(args, session);
      case 'message.edit':
      case 'message.recall': {
        const [id = '', seq36 = ''] = (args as unknown as { message: string }).message.split('.');
        const kind = name === 'message.edit' ? 'edit' : 'recall';
        const change = kind === 'edit' ? { body: args.body } : { body: '', recalled: true };
        const entry = this.change(id, kind, Number.parseInt(seq36, 36), change, session) as EntryView & {
          message: MessageView;
        };
        return { seq: entry.seq, time: entry.time, message: entry.message };
      }
      case 'conversation.list':
        if ((args as { limit?: number }).limit! > this.page) throw new Error('limit is above the page');
        return { items: mine().map((c) => this.row(c.id, client)), totals, token: String(this.changes) };
      case 'conversation.sync': {
        const given = Number((args as { token?: string }).token ?? 0);
        const token = given > this.changes ? 0 : given;
        const changed = mine().filter((c) => token === 0 || c.changed > token);
        return {
          items: changed.map((c) => this.row(c.id, client)),
          totals,
          token: String(this.changes),
          reset: token === 0,
          gone: [],
        };
      }
      case 'conversation.create': {
        const members = [client, ...(args as unknown as { members: string[] }).members];
        const id = `of ${[...members].sort().join(' and ')}`;
        const created = !this.conversations.has(id);
        if (created) this.conversation(id, members);
        if (created) this.enter(id, members, client, session);
        const { conversation, own } = this.row(id, client);
        return { conversation, own, created };
      }
      case 'conversation.add': {
        const { members } = args as unknown as { members: string[] };
        const { seq } = this.enter(args.conversation, members, client, session);
        return { seq, done: members, failed: [] };
      }
      case 'conversation.get':
        return this.row(args.conversation, client);
      case 'conversation.read': {
        const conversation = this.get(args.conversation);
        const readSeq = Math.max(
          conversation.reads.get(client) ?? 0,
          Math.min(args.seq, conversation.entries.length),
        );
        conversation.reads.set(client, readSeq);
        conversation.changed = ++this.changes;
        return { readSeq, ...this.unreadOf(args.conversation, client) };
      }
      case 'conversation.entries': {
        const {
          after = 0,
          until = Infinity,
          limit = this.page,
        } = args as { after?: number; until?: number; limit?: number };
        if (limit > this.page) throw new Error('limit is above the page');
        const { entries, floor } = this.get(args.conversation);
        const wanted = this.shown(args.conversation).filter(
          (e) => e.seq > after && e.seq <= until && e.seq > floor,
        );
        const found = wanted.slice(0, limit);
        const seq = found.length < wanted.length ? found.at(-1)!.seq : Math.min(until, entries.length);
        return { entries: structuredClone(found), seq, floor };
      }
      case 'message.history': {
        const entries = this.shown(args.conversation);
        const { before, limit = 100 } = args as unknown as { before?: { seq: number }; limit?: number };
        const found = entries.flatMap((e) =>
          e.kind === 'message' && e.seq < (before?.seq ?? Infinity) ? [e.message] : [],
        );
        return { messages: found.slice(-limit), more: found.length > limit, floor: 0 };
      }
      case 'room.join':
        return { conversation: this.row(args.conversation, client).conversation, online: 1, messages: [] };
      case 'presence.query':
      case 'presence.subscribe':
        return { online: (args as unknown as { clients: string[] }).clients };
      case 'session.refresh':
        return { token: `session:${client}`, expiresAt: Date.now() + 3_600_000 };
      default:
        return {};
    }
  }

  #send(args: Args, session: FakeSession): unknown {
    const conversation = this.get(args.conversation);
    const former = conversation.entries.find(
      (e) => e.kind === 'message' && e.message.op === args.op && e.by === session.client,
    );
    if (former?.kind === 'message')
      return { id: former.message.id, seq: former.seq, time: former.time, duplicate: true };
    const { seq, time } = this.say(args.conversation, session.client, args.body, { op: args.op }, session);
    return { id: `${args.conversation}.${seq.toString(36)}`, seq, time };
  }
}
