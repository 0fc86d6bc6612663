import type { EventEmitter } from 'node:events';
import type { EventClass } from '@hongyan/protocol';
import type { Socket } from 'socket.io';
import { FlushTurn } from './flush-turn.js';
import { Frame } from './frames.js';

/**
 * The one file that reaches into Socket.IO 4.8.3, engine.io 6.6 and ws 8.21 (socket-writer.spec.ts pins what it
 * relies on). It takes a connected socket over from Socket.IO: what comes in goes straight to the door, and what one
 * socket gets out of a turn of the event loop leaves in one buffer and one write.
 */
interface EngineTransport extends EventEmitter {
  writable: boolean;
  readonly socket: WebSocketInternals;
  [owner]?: SocketWriter;
}

interface WebSocketInternals extends EventEmitter {
  readonly _socket: EventEmitter;
  readonly _sender: { sendFrame(list: Buffer[], callback: (error?: Error) => void): void };
  readonly readyState: number;
  terminate(): void;
}

interface EngineConnection extends EventEmitter {
  readonly readyState: 'opening' | 'open' | 'closing' | 'closed';
  readonly transport: EngineTransport;
  readonly writeBuffer: unknown[];
  request: unknown;
  flush(): void;
  close(discard?: boolean): void;
  [owner]?: SocketWriter;
}

interface EnginePacket {
  readonly type: string;
  readonly data?: unknown;
}

const owner = Symbol('the writer of a connection');
const admission = Symbol('a connection is admitted at most once');
const nothing = Object.freeze({});
const ignore = (): void => undefined;
const closedState = 3;

/** Bytes that one write carries at most: more stays shared between the sockets that wait for it. */
const bytesPerWrite = 64 * 1024;
/** How long a closed socket may take to read its last words before it is cut off. */
const lingerMs = 2_000;

export interface PressureBounds {
  /** Above it signals are dropped and cursors coalesced, above twice that low room messages, above thrice normal ones. */
  readonly softBytes: number;
  /** Above it, of events or of answers, the session ends with `resync`. */
  readonly hardBytes: number;
}

/** What all sockets of a door share: when they are flushed, what may wait, and which are on their way out. */
export class WriterPool {
  readonly turn = new FlushTurn();
  private lingering: { socket: WebSocketInternals; until: number }[] = [];
  /** For tests and metrics. */
  writes = 0;

  constructor(
    readonly bounds: PressureBounds,
    readonly onDrop: (eventClass: EventClass) => void = ignore,
  ) {}

  linger(socket: WebSocketInternals, now = Date.now()): void {
    this.lingering.push({ socket, until: now + lingerMs });
  }

  /** Cuts off what has not closed in time. Called every second by the door. */
  cutOff(now: number): void {
    if (this.lingering.length === 0) return;
    this.lingering = this.lingering.filter(({ socket, until }) => {
      if (socket.readyState === closedState) return false;
      if (until > now) return true;
      socket.terminate();
      return false;
    });
  }

  get closing(): number {
    return this.lingering.length;
  }
}

/** The sending end of one socket. Subclasses say what comes in and what closing means. */
export abstract class SocketWriter {
  private pending: Frame[] | undefined = undefined;
  private pendingBytes = 0;
  private inFlightBytes = 0;
  /** Answers among what waits and what is in flight, and among the latter alone. */
  private askedBytes = 0;
  private inFlightAskedBytes = 0;
  private scheduled = false;
  /** Frames wait until {@link release}: nothing may overtake the first event. */
  private held = true;
  private ended = false;
  private gaveUp = false;
  private readonly conn: EngineConnection;

  protected constructor(
    private readonly pool: WriterPool,
    socket: Socket,
  ) {
    this.conn = socket.conn as unknown as EngineConnection;
  }

  /** A Socket.IO packet; undefined: a frame that Engine.IO does not understand, after which it closes. */
  protected abstract received(packet: unknown): void;
  protected abstract connectionClosed(): void;
  /** The reader lags behind more than may be kept for it. */
  protected abstract overflowed(): void;

  /** Takes the connected socket over and lets go of what the handshake left behind. */
  protected takeOver(socket: Socket): void {
    const { conn } = this;
    const { ondata } = socket.client as unknown as { ondata: (data: unknown) => void };
    conn.removeListener('data', ondata);
    conn[owner] = this;
    conn.transport[owner] = this;
    conn.on('packet', onPacket);
    conn.on('close', onClose);
    conn.transport.on('ready', onReady);
    forgetHandshake(socket, conn);
  }

  get bufferedBytes(): number {
    return this.pendingBytes + this.inFlightBytes;
  }

  private get eventBytes(): number {
    return this.bufferedBytes - this.askedBytes;
  }

  protected get isEnded(): boolean {
    return this.ended;
  }

  /** Takes an event, or drops it when its class allows that and the reader lags behind. */
  write(frame: Frame, eventClass: EventClass, priority: 'high' | 'normal' | 'low'): void {
    if (this.ended || this.gaveUp) return;
    const { softBytes } = this.pool.bounds;
    const { eventBytes } = this;
    if (eventBytes > softBytes) {
      if (mayDrop(eventBytes / softBytes, eventClass, priority)) return this.pool.onDrop(eventClass);
      if (frame.key !== undefined && this.replace(frame)) return;
    }
    this.enqueue(frame);
  }

  /**
   * Queues an answer: never dropped, and written before what others get out of this turn. One may be larger than what
   * may wait (a page of long messages); who asks on while that much is unread is cut off.
   */
  protected enqueueAnswer(frame: Frame): void {
    if (this.ended || this.gaveUp) return;
    if (this.askedBytes > this.pool.bounds.hardBytes) return this.giveUp();
    frame.asked = true;
    this.askedBytes += frame.bytes.length;
    this.push(frame);
    if (this.scheduled) this.pool.turn.addAnswered(this);
  }

  /** Queues a frame that is never dropped. */
  protected enqueue(frame: Frame): void {
    if (this.ended || this.gaveUp) return;
    if (this.eventBytes + frame.bytes.length > this.pool.bounds.hardBytes) return this.giveUp();
    this.push(frame);
  }

  private push(frame: Frame): void {
    if (this.pending === undefined) this.pending = [frame];
    else this.pending.push(frame);
    this.pendingBytes += frame.bytes.length;
    if (!this.held) this.schedule();
  }

  /** Sends `first` before everything that waited, and holds nothing back from now on. */
  protected release(first: Frame): void {
    this.held = false;
    if (this.ended) return;
    this.pending = [first, ...(this.pending ?? [])];
    this.pendingBytes += first.bytes.length;
    this.schedule();
  }

  /** Says the last words and closes. What waited goes first, unless the reader would not read it anyway. */
  protected finish(last: Frame | undefined, discard: boolean): void {
    if (this.ended) return;
    this.ended = true;
    const { conn } = this;
    const { socket } = conn.transport;
    const frames = [
      ...(discard || this.held ? [] : (this.pending ?? [])),
      ...(last === undefined ? [] : [last]),
    ];
    this.forget();
    if (conn.readyState === 'open' && frames.length > 0) {
      const bytes = Buffer.concat(frames.map((frame) => frame.bytes));
      this.pool.writes += 1;
      if (conn.writeBuffer.length > 0) conn.writeBuffer.push(packetOf(bytes));
      else socket._sender.sendFrame([bytes], ignore);
    }
    conn.close();
    this.pool.linger(socket);
  }

  /** What a turn has brought, in one write. */
  flush(): void {
    this.scheduled = false;
    const { conn } = this;
    if (this.pending === undefined || this.held || conn.readyState !== 'open' || !conn.transport.writable)
      return;
    const bytes = this.take(this.pending);
    this.inFlightBytes = bytes.length;
    this.pendingBytes -= bytes.length;
    this.pool.writes += 1;
    conn.writeBuffer.push(packetOf(bytes));
    conn.flush();
  }

  /** The transport takes bytes again: the last write has left the process. */
  transportReady(): void {
    this.inFlightBytes = 0;
    this.askedBytes -= this.inFlightAskedBytes;
    this.inFlightAskedBytes = 0;
    if (this.pending !== undefined && !this.held) this.schedule();
  }

  receive(packet: EnginePacket): void {
    if (packet.type === 'message') this.received(packet.data ?? '');
    else if (packet.type === 'error') this.received(undefined);
  }

  closed(): void {
    this.ended = true;
    this.forget();
    this.connectionClosed();
  }

  private schedule(): void {
    if (this.scheduled || this.ended) return;
    this.scheduled = true;
    this.pool.turn.add(this);
  }

  private take(pending: Frame[]): Buffer {
    let count = 0;
    let length = 0;
    while (
      count < pending.length &&
      (count === 0 || length + pending[count]!.bytes.length <= bytesPerWrite)
    ) {
      const { bytes, asked } = pending[count]!;
      length += bytes.length;
      if (asked) this.inFlightAskedBytes += bytes.length;
      count += 1;
    }
    this.pending = count === pending.length ? undefined : pending.slice(count);
    // A single event leaves as the buffer that all its readers share.
    if (count === 1) return pending[0]!.bytes;
    const bytes = Buffer.allocUnsafe(length);
    let at = 0;
    for (let index = 0; index < count; index += 1) at += pending[index]!.bytes.copy(bytes, at);
    return bytes;
  }

  private replace(frame: Frame): boolean {
    const at = this.pending?.findIndex((waiting) => waiting.key === frame.key) ?? -1;
    if (this.pending === undefined || at < 0) return false;
    this.pendingBytes += frame.bytes.length - this.pending[at]!.bytes.length;
    this.pending[at] = frame;
    return true;
  }

  private giveUp(): void {
    this.gaveUp = true;
    this.forget();
    // Not now: the hub may be going through its sessions.
    setImmediate(() => this.overflowed());
  }

  private forget(): void {
    this.pending = undefined;
    this.pendingBytes = 0;
    this.askedBytes = this.inFlightAskedBytes;
  }
}

/** `pressure`: buffered bytes in soft bounds. */
function mayDrop(pressure: number, eventClass: EventClass, priority: 'high' | 'normal' | 'low'): boolean {
  if (eventClass === 'signal') return true;
  if (eventClass !== 'room' || priority === 'high') return false;
  return pressure > (priority === 'low' ? 2 : 3);
}

const packetOf = (bytes: Buffer) => ({ type: 'message', options: { wsPreEncodedFrame: [bytes] } });

function onPacket(this: EngineConnection, packet: EnginePacket): void {
  this[owner]!.receive(packet);
}

function onClose(this: EngineConnection): void {
  this[owner]!.closed();
}

function onReady(this: EngineTransport): void {
  this[owner]!.transportReady();
}

/** The request with its headers would stay as long as the connection: it is a third of an idle client's memory. */
function forgetHandshake(socket: Socket, conn: EngineConnection): void {
  conn.request = undefined;
  const leftovers = socket as unknown as { handshake: unknown; data: unknown };
  leftovers.handshake = nothing;
  leftovers.data = nothing;
  const webSocket = conn.transport.socket;
  // engine.io listens once, with an arrow function, for the sake of HTTP middleware that this server does not use.
  for (const listener of webSocket._socket.rawListeners('close') as (Listener & { listener?: Listener })[]) {
    if (listener.listener?.name === '') webSocket._socket.removeListener('close', listener);
  }
  // Of use until the upgrade only; the transport has its own.
  for (const listener of webSocket.listeners('error') as Listener[]) {
    if (listener.name === 'onUpgradeError') webSocket.removeListener('error', listener);
  }
}

type Listener = (...args: unknown[]) => void;

/** True the first time: a connection carries one session, and a second CONNECT while the first is judged is refused. */
export function admitOnce(socket: Socket): boolean {
  const conn = socket.conn as unknown as { [admission]?: true };
  if (conn[admission]) return false;
  conn[admission] = true;
  return true;
}

/** Closes a connection that was refused, after the refusal has been written. */
export function closeRefused(socket: Socket): void {
  setImmediate(() => (socket.conn as unknown as EngineConnection).close());
}
