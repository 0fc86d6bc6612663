import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server that can stop: what the server writes is not read any more, so that it piles up there. */
export class StoppingProxy {
  private stopped = false;
  private readonly upstream = new Set<Socket>();
  private readonly server: Server;

  private constructor(target: number) {
    this.server = createServer((client) => {
      const server = connect({ port: target, host: '127.0.0.1' });
      this.upstream.add(server);
      const end = () => {
        this.upstream.delete(server);
        client.destroy();
      };
      client.on('error', end).on('close', () => server.destroy());
      server.on('error', end).on('end', () => client.end());
      server.on('close', end);
      client.pipe(server, { end: false });
      server.on('data', (chunk) => {
        if (!client.write(chunk)) server.pause();
      });
      client.on('drain', () => {
        if (!this.stopped) server.resume();
      });
      if (this.stopped) server.pause();
    });
  }

  static async to(port: number): Promise<StoppingProxy> {
    const proxy = new StoppingProxy(port);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.stopped = true;
    for (const socket of this.upstream) socket.pause();
  }

  go(): void {
    this.stopped = false;
    for (const socket of this.upstream) socket.resume();
  }

  close(): void {
    this.server.close();
    for (const socket of this.upstream) socket.destroy();
  }
}
