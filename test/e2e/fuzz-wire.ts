import { errorTable, type WireError } from '@hongyan/protocol';
import { WireClient } from '../load/wire-client.js';
import { type TestApp, type TestServer, until } from './server.js';

export interface Session {
  readonly client: WireClient;
  readonly events: string[];
}

export async function login(server: TestServer, app: TestApp, auth: object): Promise<Session> {
  const events: string[] = [];
  const client = await WireClient.connect({
    port: server.port,
    auth: { v: 1, appId: app.id, ...auth },
    onEvent: (packet) => events.push(packet.toString('utf8', 0, 400)),
  });
  await until(() => events.length > 0 || client.closed, 'the session event');
  return { client, events };
}

/** The code of an error of the table; undefined for anything else. `internal` is none that an input may cause. */
export function codeOf(error: Partial<WireError> | undefined): number | undefined {
  if (error?.name === undefined || error.name === 'internal') return undefined;
  const known = Object.hasOwn(errorTable, error.name) ? errorTable[error.name].code : undefined;
  return known === error.code && typeof error.message === 'string' ? known : undefined;
}

/** The same of text that holds the error somewhere. */
export function codeIn(text: string): number | undefined {
  const [, code, name] = /"code":(\d+),"name":"(\w+)"/.exec(text) ?? [];
  return codeOf({ code: Number(code), name: name as WireError['name'], message: '' });
}

/** Two clients that chat all the time and must not notice anything. */
export class Bystanders {
  slowestMs = 0;
  private sent = 0;
  private failed: string[] = [];
  private heard: string[] = [];
  private timer: NodeJS.Timeout | undefined;

  async start(server: TestServer, app: TestApp): Promise<void> {
    const { client: ann } = await login(server, app, { clientId: 'bystander-a' });
    const { events } = await login(server, app, { clientId: 'bystander-b' });
    this.heard = events;
    const created = await ann.call('conversation.create', { op: 'b', members: ['bystander-b'] });
    const { id } = (created as { conversation: { id: string } }).conversation;
    this.timer = setInterval(() => {
      const began = performance.now();
      const number = (this.sent += 1);
      ann.call('message.send', { op: `b${number}`, conversation: id, body: `tick ${number}` }).then(
        () => (this.slowestMs = Math.max(this.slowestMs, performance.now() - began)),
        (error: Error) => this.failed.push(error.message),
      );
    }, 100);
  }

  /** Throws if anything was refused, lost, doubled or out of order. */
  async finish(): Promise<void> {
    clearInterval(this.timer);
    const ticks = () => this.heard.filter((event) => event.includes('"body":"tick '));
    await until(() => ticks().length >= this.sent, 'the bystander heard everything');
    expect(this.failed).toEqual([]);
    expect(ticks().map((event) => Number(/"body":"tick (\d+)"/.exec(event)?.[1]))).toEqual(
      Array.from({ length: this.sent }, (_, at) => at + 1),
    );
  }
}
