import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/**
 * A Socket.IO 4 client that does only what a load generator needs, so that one core can drive 10,000 of them:
 * WebSocket without compression, text frames, one namespace. It knows nothing of what the messages mean.
 */
export interface WireClientOptions {
  readonly port: number;
  readonly host?: string;
  /** Handed in with CONNECT. */
  readonly auth: unknown;
  /** The text of one event packet, from `["` on, as bytes that are valid during the call only. */
  readonly onEvent: (packet: Buffer, client: WireClient) => void;
  readonly onClose?: (reason: string) => void;
  readonly timeoutMs?: number;
}

/** The JSON text of an acknowledgement's arguments: `[…]`. */
type Answered = (json: string) => void;

const text = {
  open: 0x30,
  close: 0x31,
  ping: 0x32,
  message: 0x34,
  connect: 0x30,
  disconnect: 0x31,
  event: 0x32,
  ack: 0x33,
  refused: 0x34,
};
const opcode = { text: 1, close: 8 };

export class WireClient {
  readonly socket: Socket;
  private readonly mask = randomBytes(4);
  private readonly answers = new Map<number, Answered>();
  private lastId = 0;
  private rest: Buffer | undefined;
  private upgraded = false;
  private outgoing: Buffer[] | undefined;
  private settle: ((error?: Error) => void) | undefined;
  closed = false;

  static connect(options: WireClientOptions): Promise<WireClient> {
    return new Promise((resolve, reject) => {
      const client = new WireClient(options);
      const timer = setTimeout(() => client.fail('no connection in time'), options.timeoutMs ?? 30_000);
      client.settle = (error) => {
        clearTimeout(timer);
        client.settle = undefined;
        if (error === undefined) resolve(client);
        else reject(error);
      };
    });
  }

  private constructor(private readonly options: WireClientOptions) {
    const { port, host = '127.0.0.1' } = options;
    this.socket = connect({ port, host, noDelay: true });
    this.socket.on('data', (chunk) => this.receive(chunk));
    this.socket.on('error', (error) => this.fail(error.message));
    this.socket.on('close', () => this.fail('the server closed the connection'));
    this.socket.write(
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n' +
        `Host: ${host}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
  }

  /** One command; `args` as JSON text. Without `answered` the server is asked for no acknowledgement. */
  command(name: string, args: string, answered?: Answered): void {
    if (answered === undefined) return this.send(`42["c","${name}",${args}]`);
    const id = (this.lastId += 1);
    this.answers.set(id, answered);
    this.send(`42${id}["c","${name}",${args}]`);
  }

  /** One command and its answer; rejects with the server's error. */
  call(name: string, args: object): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const failed = () => reject(new Error(`${name}: the connection ended`));
      if (this.closed) return failed();
      this.socket.once('close', failed);
      this.command(name, JSON.stringify(args), (json) => {
        this.socket.off('close', failed);
        if (isRefusal(json)) return reject(new Error(`${name}: ${json.slice(0, 300)}`));
        resolve((JSON.parse(json) as [{ ok: Record<string, unknown> }])[0].ok);
      });
    });
  }

  close(): void {
    this.closed = true;
    this.socket.destroy();
  }

  private fail(reason: string): void {
    const wasOpen = !this.closed;
    this.closed = true;
    this.socket.destroy();
    this.settle?.(new Error(reason));
    if (wasOpen) this.options.onClose?.(reason);
  }

  /** Any Engine.IO packet. What is sent during one turn leaves in one write. */
  send(packet: string): void {
    if (this.closed) return;
    const frame = this.frame(packet);
    if (this.outgoing !== undefined) {
      this.outgoing.push(frame);
      return;
    }
    this.outgoing = [frame];
    process.nextTick(() => {
      const frames = this.outgoing!;
      this.outgoing = undefined;
      if (!this.closed) this.socket.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    });
  }

  private frame(packet: string): Buffer {
    const length = Buffer.byteLength(packet);
    const header = length < 126 ? 6 : length < 65_536 ? 8 : 14;
    const bytes = Buffer.allocUnsafe(header + length);
    bytes[0] = 0x81;
    if (header === 6) bytes[1] = 0x80 | length;
    else if (header === 8) {
      bytes[1] = 0x80 | 126;
      bytes.writeUInt16BE(length, 2);
    } else {
      bytes[1] = 0x80 | 127;
      bytes.writeBigUInt64BE(BigInt(length), 2);
    }
    const { mask } = this;
    mask.copy(bytes, header - 4);
    bytes.write(packet, header);
    for (let at = header, turn = 0; at < bytes.length; at += 1, turn = (turn + 1) & 3)
      bytes[at]! ^= mask[turn]!;
    return bytes;
  }

  private receive(chunk: Buffer): void {
    let bytes = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk]);
    this.rest = undefined;
    if (!this.upgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) {
        this.rest = bytes;
        return;
      }
      const status = bytes.toString('latin1', 0, bytes.indexOf('\r\n'));
      if (!status.includes(' 101 ')) return this.fail(`no WebSocket: ${status}`);
      this.upgraded = true;
      bytes = bytes.subarray(end + 4);
    }
    const used = this.frames(bytes);
    if (used < bytes.length) this.rest = Buffer.from(bytes.subarray(used));
  }

  /** Handles all complete frames; answers how many bytes they were. */
  private frames(bytes: Buffer): number {
    let at = 0;
    while (bytes.length - at >= 2 && !this.closed) {
      let length = bytes[at + 1]! & 0x7f;
      let start = at + 2;
      if (length === 126) {
        if (bytes.length - at < 4) break;
        length = bytes.readUInt16BE(at + 2);
        start = at + 4;
      } else if (length === 127) {
        if (bytes.length - at < 10) break;
        length = Number(bytes.readBigUInt64BE(at + 2));
        start = at + 10;
      }
      if (bytes.length < start + length) break;
      this.frameReceived(bytes[at]! & 0x0f, bytes.subarray(start, start + length));
      at = start + length;
    }
    return at;
  }

  private frameReceived(kind: number, payload: Buffer): void {
    if (kind === opcode.close) return this.fail('the server closed the connection');
    if (kind !== opcode.text) return;
    const type = payload[0];
    if (type === text.message) return this.packet(payload);
    if (type === text.ping) this.send('3');
    else if (type === text.open) this.send(`40${JSON.stringify(this.options.auth)}`);
    else if (type === text.close) this.fail('the server closed the session');
  }

  private packet(payload: Buffer): void {
    const type = payload[1];
    if (type === text.event) return this.options.onEvent(payload.subarray(2), this);
    if (type === text.ack) {
      const packet = payload.toString('utf8', 2);
      const bracket = packet.indexOf('[');
      const id = Number(packet.slice(0, bracket));
      const answered = this.answers.get(id);
      this.answers.delete(id);
      answered?.(packet.slice(bracket));
    } else if (type === text.connect) this.settle?.();
    else if (type === text.refused) this.fail(`refused: ${payload.toString('utf8', 2)}`);
    else if (type === text.disconnect) this.fail('the server ended the session');
  }
}

/** True for the answer of a failed command, as JSON text. */
export const isRefusal = (json: string): boolean => json.startsWith('[{"error":');
