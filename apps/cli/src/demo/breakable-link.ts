import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** A network between a client and the server that can be cut: bytes pass, or every connection dies. */
export class BreakableLink {
  private readonly sockets = new Set<Socket>();
  private broken = false;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** A link to the server at `target`. */
  static async to(target: string): Promise<BreakableLink> {
    const { hostname, port } = new URL(target);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const link = new BreakableLink(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('connection', (near) => link.carry(near, connect(Number(port), hostname)));
    return link;
  }

  /** Cuts every connection, without a word to either end, and lets no new one through. */
  cut(): void {
    this.broken = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.broken = false;
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private carry(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    if (this.broken) return void near.destroy();
    near.pipe(far);
    far.pipe(near);
  }
}
