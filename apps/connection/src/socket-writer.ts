import type { EventClass } from '@hongyan/protocol';
import type { Socket } from 'socket.io';
import {
  connectionOf,
  takeOver,
  takesBytes,
  writeFrames,
  writeLast,
  type ConnectionOwner,
  type EngineConnection,
} from './engine-connection.js';
import type { Frame } from './frames.js';
import type { WriterPool } from './writer-pool.js';

/** Bytes that one write carries at most: more stays shared between the sockets that wait for it. */
const bytesPerWrite = 64 * 1024;

/** The sending end of one socket. Subclasses say what comes in and what closing means. */
export abstract class SocketWriter implements ConnectionOwner {
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
    this.conn = connectionOf(socket);
  }

  /** A Socket.IO packet; undefined: a frame that Engine.IO does not understand, after which it closes. */
  abstract received(packet: unknown): void;
  protected abstract connectionClosed(): void;
  /** The reader lags behind more than may be kept for it. */
  protected abstract overflowed(): void;
  /** Answers have left that waited for the reader. */
  protected abstract answersLeft(): void;

  protected takeOver(socket: Socket): void {
    takeOver(socket, this);
  }

  get bufferedBytes(): number {
    return this.pendingBytes + this.inFlightBytes;
  }

  private get eventBytes(): number {
    return this.bufferedBytes - this.askedBytes;
  }

  /** So much of what it asked for has not been read that it is to get no further answers for now. */
  protected get isBehind(): boolean {
    return this.askedBytes > this.pool.bounds.hardBytes;
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
   * Queues an answer: never dropped, and written before what others get out of this turn. Who asks decides how many there
   * are: see {@link isBehind}.
   */
  protected enqueueAnswer(frame: Frame): void {
    if (this.ended || this.gaveUp) return;
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
      writeLast(conn, bytes);
    }
    conn.close();
    this.pool.linger(socket);
  }

  /** What a turn has brought, in one write. */
  flush(): void {
    this.scheduled = false;
    const { conn } = this;
    if (this.pending === undefined || this.held || !takesBytes(conn)) return;
    const bytes = this.take(this.pending);
    this.inFlightBytes = bytes.length;
    this.pendingBytes -= bytes.length;
    this.pool.writes += 1;
    writeFrames(conn, bytes);
  }

  /** The transport takes bytes again: the last write has left the process. */
  transportReady(): void {
    this.inFlightBytes = 0;
    const left = this.inFlightAskedBytes;
    this.askedBytes -= left;
    this.inFlightAskedBytes = 0;
    if (this.pending !== undefined && !this.held) this.schedule();
    if (left > 0) this.answersLeft();
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
