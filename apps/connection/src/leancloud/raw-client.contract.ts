import { encodeCommand, readFrame, type GenericCommand } from '@hongyan/leancloud';
import { WebSocket } from 'ws';

/** A client that writes and reads frames of this protocol itself. */
export class RawFrames {
  readonly opened: Promise<void>;
  readonly received: GenericCommand[] = [];
  readonly kinds: ('binary' | 'text')[] = [];
  closed: { code: number; reason: string } | undefined;
  private serial = 0;
  private waiters: (() => void)[] = [];

  static to(url: string, subprotocol: string | string[] = 'lc.protobuf2.3', origin?: string): RawFrames {
    return new RawFrames(new WebSocket(url, subprotocol, origin === undefined ? {} : { origin }));
  }

  constructor(readonly socket: WebSocket) {
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      this.kinds.push(isBinary ? 'binary' : 'text');
      this.received.push(readFrame(data, isBinary));
      this.wake();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.wake();
    });
  }

  raw(data: Buffer | string): void {
    this.socket.send(data);
  }

  send(command: GenericCommand): void {
    const bytes = encodeCommand(command);
    this.raw(this.socket.protocol.includes('base64') ? bytes.toString('base64') : bytes);
  }

  /** Sends with a serial and waits for the answer to it. */
  async ask(command: GenericCommand, i = (this.serial += 1)): Promise<GenericCommand> {
    this.send({ ...command, i });
    return await this.until(() => this.received.find((one) => one.i === i));
  }

  /** A push of this kind that has come or comes. */
  push(cmd: number, op?: number): Promise<GenericCommand> {
    return this.until(() =>
      this.received.find(
        (one) => one.i === undefined && one.cmd === cmd && (op === undefined || one.op === op),
      ),
    );
  }

  whenClosed(): Promise<{ code: number; reason: string }> {
    return this.until(() => this.closed);
  }

  /** Throws after ten seconds. */
  async until<T>(find: () => T | undefined): Promise<T> {
    const end = Date.now() + 10_000;
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise<void>((resolve, reject) => {
        const late = () => reject(new Error(`not within ten seconds: ${find.toString().slice(0, 200)}`));
        const timer = setTimeout(late, end - Date.now());
        this.waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  private wake(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }
}
