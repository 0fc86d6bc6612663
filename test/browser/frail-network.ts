import { createServer, connect, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

/** What a network does to connections: nobody is told, bytes just no longer arrive. */
export class FrailNetwork {
  readonly #pairs = new Set<readonly [near: Socket, far: Socket]>();
  /** New connections are accepted, and nothing comes of them. */
  swallowing = false;

  private constructor(
    private readonly server: Server,
    target: URL,
  ) {
    server.on('connection', (near) => {
      const far = connect(Number(target.port), target.hostname);
      const pair = [near, far] as const;
      this.#pairs.add(pair);
      for (const socket of pair) {
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#pairs.delete(pair);
          for (const one of pair) one.destroy();
        });
      }
      if (this.swallowing) return;
      near.pipe(far);
      far.pipe(near);
    });
  }

  static async before(target: string): Promise<FrailNetwork> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FrailNetwork(server, new URL(target));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Nothing passes any more on the connections there are. */
  die(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe(far);
      far.unpipe(near);
    }
  }

  /** What the server says no longer arrives; what is said to it does. */
  loseAnswers(): void {
    for (const [near, far] of this.#pairs) far.unpipe(near);
  }

  close(): void {
    this.server.close();
    for (const [near, far] of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }
}
