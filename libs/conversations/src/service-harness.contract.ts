import { type App, presets } from '@hongyan/apps';
import { LocalHub } from '@hongyan/delivery';
import {
  AppError,
  type AppId,
  asAppId,
  asClientId,
  asOperationId,
  asSessionId,
  asTenantId,
  type Caller,
  type ClientId,
  type CloseOrder,
  type EventClass,
  type Input,
  type OpenSession,
  type OperationName,
  operations,
  type Result,
  type ServerEvent,
} from '@hongyan/protocol';
import { openSqliteStore, type SqliteStore } from '@hongyan/store-sqlite';
import { ConversationService } from './conversation-service.js';

/** A conversation service on a real store in memory, with clients that one can speak through. For specs. */

let ids = 0;
export const newOp = () => asOperationId(`op-${(ids += 1).toString().padStart(9, '0')}`);

export function appOf(id: string, change: (app: App) => App = (app) => app): App {
  return change({
    id: asAppId(id),
    tenant: asTenantId('t'),
    name: id,
    preset: 'native',
    enabled: true,
    appKey: { current: 'k' },
    masterKey: { current: 'm' },
    createdAt: 0,
    updatedAt: 0,
    ...presets.native,
  });
}

export class Harness {
  readonly hub = new LocalHub();
  readonly service: ConversationService;
  /** The service's clock; specs move it by hand. */
  now = 1_700_000_000_000;
  readonly errors: unknown[] = [];

  private constructor(
    readonly store: SqliteStore,
    readonly apps: Map<AppId, App>,
    indexed: boolean,
  ) {
    this.service = new ConversationService({
      log: store.log,
      conversations: store.conversations,
      members: store.members,
      clients: store.clients,
      notifications: store.notifications,
      ...(indexed ? { timeline: store.timeline } : {}),
      imports: store.imports,
      apps: { known: (id) => apps.get(id), find: (id) => Promise.resolve(apps.get(id)) },
      broker: this.hub,
      presence: this.hub,
      rooms: this.hub,
      clock: () => this.now,
      onError: (what, error) => this.errors.push([what, error]),
    });
  }

  /** `indexed`: with the store's own way to messages by time. */
  static async open(apps: readonly App[] = [appOf('a')], indexed = true): Promise<Harness> {
    const store = await openSqliteStore({ folder: ':memory:' });
    return new Harness(store, new Map(apps.map((app) => [app.id, app])), indexed);
  }

  async close(): Promise<void> {
    await this.service.close();
    await this.store.close();
  }

  /** Lets what was published late (receipts, broadcasts) arrive. */
  async settle(ms = 20): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  client(name: string, app = 'a', device = 'phone'): TestClient {
    return new TestClient(this, { app: asAppId(app), client: asClientId(name), device });
  }

  server(onBehalfOf?: string, app = 'a'): TestCaller {
    return new TestCaller(this, {
      app: asAppId(app),
      server: true,
      ...(onBehalfOf === undefined ? {} : { client: asClientId(onBehalfOf) }),
    });
  }
}

export class TestCaller {
  constructor(
    protected readonly harness: Harness,
    protected caller: Caller,
  ) {}

  /** Runs an operation as a door does: arguments through the schema. */
  async run<N extends OperationName>(
    name: N,
    args: Omit<Input<N>, 'op'> & { op?: string },
  ): Promise<Result<N>> {
    const parsed = operations[name].parse({ op: newOp(), ...args });
    return await this.harness.service.execute(this.caller, name, parsed as never, { deadline: Infinity });
  }

  /** The name of the error, or 'ok'. */
  async outcome<N extends OperationName>(
    name: N,
    args: Omit<Input<N>, 'op'> & { op?: string },
  ): Promise<string> {
    try {
      await this.run(name, args);
      return 'ok';
    } catch (error) {
      if (error instanceof AppError) return error.error;
      throw error;
    }
  }

  send(
    conversation: string,
    body: string,
    more: Partial<Input<'message.send'>> = {},
  ): Promise<Result<'message.send'>> {
    return this.run('message.send', { conversation, body, ...more });
  }
}

export class TestClient extends TestCaller {
  readonly events: ServerEvent[] = [];
  readonly classes: EventClass[] = [];
  readonly closed: CloseOrder[] = [];
  private readonly session: OpenSession;
  private readonly sink: Parameters<LocalHub['attach']>[0];

  constructor(harness: Harness, identity: { app: AppId; client: ClientId; device: string }) {
    super(harness, { ...identity, server: false });
    const session: OpenSession = { ...identity, session: asSessionId(`s-${(ids += 1)}`) };
    this.session = session;
    this.sink = {
      session,
      format: { name: 'test', encode: (event) => event },
      write: (event, eventClass) => {
        this.events.push(event as ServerEvent);
        this.classes.push(eventClass);
      },
      close: (order) => this.closed.push(order),
    };
  }

  get id(): ClientId {
    return this.caller.client as ClientId;
  }

  async connect(): Promise<this> {
    const session = this.session;
    this.caller = { ...this.caller, session: session.session };
    this.harness.hub.attach(this.sink);
    await this.harness.service.sessionOpened(session);
    return this;
  }

  async drop(reason: 'logout' | 'lost' = 'lost'): Promise<void> {
    this.harness.hub.detach(this.sink);
    await this.harness.service.sessionClosed(this.session, reason);
  }

  /** Entries heard, as `kind#seq`, and clears them. */
  heard(): string[] {
    const heard = this.events.flatMap((event) =>
      event.type === 'entry' ? [`${event.entry.kind}#${event.entry.seq}`] : [event.type],
    );
    this.events.length = 0;
    return heard;
  }

  /** The next event of a type, once it is there. */
  async next<T extends ServerEvent['type']>(type: T): Promise<Extract<ServerEvent, { type: T }>> {
    for (let i = 0; i < 300; i += 1) {
      const found = this.events.findIndex((event) => event.type === type);
      if (found >= 0) return this.events.splice(found, 1)[0] as Extract<ServerEvent, { type: T }>;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`${this.id} heard no ${type}`);
  }
}
