import {
  codes,
  CommandType,
  encodeCommand,
  joinFrame,
  peerIdField,
  readFrame,
  type CodeName,
  type GenericCommand,
} from '@hongyan/leancloud';
import type { ErrorName } from '@hongyan/protocol';
import type { WebSocket } from 'ws';
import type { FlushTurn } from '../flush-turn.js';
import { CommandBudget } from '../rate-limit.js';
import { framesOf, writeFrames } from './frame-buffer.js';
import { PushQueue } from './push-queue.js';
import { UnreadReplies } from './unread-replies.js';
import type { Dialect } from './subprotocols.js';

/** What the door does with what happens on a connection. */
export interface ConnectionOwner<S> {
  readonly softBufferedBytes: number;
  readonly maxBufferedBytes: number;
  readonly turn: FlushTurn;
  /** Handles one command of so many bytes to its end; the reply has been written when it resolves. Never rejects. */
  handle(connection: LeanCloudConnection<S>, command: GenericCommand, bytes: number): Promise<void>;
  /** A frame that was no command, or larger than any. */
  frameRefused(code: ErrorName): void;
  closed(connection: LeanCloudConnection<S>): void;
}

interface Frame {
  readonly data: Buffer;
  readonly isBinary: boolean;
  /** What it says, once it was looked at. */
  command?: GenericCommand;
}

interface Received {
  readonly command: GenericCommand;
  readonly bytes: number;
}

/** So many commands may wait; a socket that sends more is not read meanwhile. */
const maxInbox = 64;
/** Commands outside of a session: heartbeats, logins, other services. */
export const sessionlessPerSecond = 20;
/** Why the server closed a connection, where that is the reason its sessions ended. */
type Ending = 'flooding' | 'resync' | 'shutting_down' | 'protocol_violation';
const endings: Partial<Record<CodeName | 'GOING_AWAY', Ending>> = {
  MESSAGE_SENT_QUOTA_EXCEEDED: 'flooding',
  UNPARSEABLE_RAW_MESSAGE: 'protocol_violation',
  GOING_AWAY: 'shutting_down',
};
/** A reply names its session itself. */
const noPeer = Buffer.alloc(0);
/** Clients of this protocol take a reply and the pushes that it caused as one when they come in one read. */
const gapMs = 1;
const readWithinMs = 2_000;

/**
 * One socket with its sessions. Commands are handled strictly one after the other: reply, then (a moment later) the
 * pushes that the command caused, then (a moment later) the next command. Clients rely on that order. What comes from
 * other connections waits for the command that is under way, and nothing else does. Messages cause no pushes here when
 * the connection has one session: they follow one another without waiting.
 */
export class LeanCloudConnection<S> {
  readonly sessions = new Map<string, S>();
  readonly openedAt = Date.now();
  lastHeardAt = Date.now();
  /** Somebody has logged in here, were it only for another service of the protocol. */
  hasLoggedIn = false;
  /** The app that the device's `login` named: the Java SDK names it there, and in no session. */
  deviceApp: string | undefined;
  /** For commands that no session answers for. */
  readonly budget = new CommandBudget(sessionlessPerSecond, Date.now());
  /** Undefined: it was lost, or the client went. */
  endedBy: Ending | undefined;
  private inbox: Frame[] = [];
  private readonly outbox = new PushQueue();
  private handling = false;
  private running = false;
  private flushing = false;
  /** Messages are under way, and nothing else. */
  private streaming = false;
  private underWay = 0;
  private streamEnded: () => void = () => undefined;
  /** The next command waits until the reader has read more. */
  private waiting = false;
  private over = false;
  private readonly replies: UnreadReplies;
  private mustBeRead = false;

  constructor(
    private readonly owner: ConnectionOwner<S>,
    private readonly socket: WebSocket,
    readonly dialect: Dialect,
    readonly origin: string | undefined,
  ) {
    this.replies = new UnreadReplies(owner.maxBufferedBytes);
    socket.on('message', (data: Buffer, isBinary: boolean) => this.received(data, isBinary));
    socket.on('ping', () => (this.lastHeardAt = Date.now()));
    socket.on('pong', () => (this.lastHeardAt = Date.now()));
    socket.on('close', () => this.gone());
    // ws closes after any error of a frame, with the fitting code.
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code?.startsWith('WS_ERR_') === true)
        owner.frameRefused(code === tooLong ? 'too_large' : 'protocol_violation');
    });
  }

  get isOver(): boolean {
    return this.over;
  }

  get isIdle(): boolean {
    return !this.running && this.outbox.isEmpty;
  }

  /** The session that a command without a peer id means: the first that was opened here. */
  get firstSession(): S | undefined {
    return this.sessions.values().next().value;
  }

  /** Answers at once, before all pushes; messages that follow one another are answered in one write. */
  reply(command: GenericCommand): void {
    if (this.over) return;
    if (this.streaming) {
      this.push(noPeer, [encodeCommand(command)]);
      if (this.flushing) this.owner.turn.addAnswered(this);
      return;
    }
    const frame = joinFrame(this.dialect.framing, [encodeCommand(command)]);
    this.socket.send(frame, this.replies.add(frame.length));
  }

  /** Bytes that wait for the reader besides what it asked for. */
  private get pushedBytes(): number {
    return this.socket.bufferedAmount - this.replies.bytes;
  }

  /** Several frames for one session, in order. A promise holds its place; undefined: nothing after all. */
  push(peer: Buffer, frames: readonly Uint8Array[] | Promise<readonly Uint8Array[]>): void {
    if (this.over) return;
    if (Array.isArray(frames)) this.outbox.add(peer, frames as readonly Uint8Array[]);
    else this.outbox.addLater(peer, frames as Promise<readonly Uint8Array[]>, () => this.flushSoon());
    this.flushSoon();
  }

  /** Does so much wait for the reader that this is not to be added? Low ones go first, high ones are kept. */
  drops(eventClass: 'room' | 'signal', priority: 'high' | 'normal' | 'low'): boolean {
    const { pushedBytes } = this;
    const { softBufferedBytes: soft } = this.owner;
    if (eventClass === 'signal') return pushedBytes > soft;
    return priority !== 'high' && pushedBytes > soft * (priority === 'low' ? 2 : 3);
  }

  /**
   * What is pushed after the command that is under way must have been taken in before the next one is handled: a program
   * that reads both in one go may carry out the later answer first.
   */
  waitForReader(): void {
    this.mustBeRead = true;
  }

  /** A reader answers a ping after what lies before it. One that does not is not waited for any longer. */
  private async untilRead(): Promise<void> {
    this.mustBeRead = false;
    if (this.over) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(late);
        this.socket.off('pong', done).off('close', done);
        resolve();
      };
      const late = setTimeout(done, readWithinMs);
      this.socket.on('pong', done).on('close', done);
      this.socket.ping();
    });
  }

  ping(): void {
    if (!this.over) this.socket.ping();
  }

  close(reason: CodeName | 'GOING_AWAY'): void {
    if (this.over) return;
    this.endedBy ??= endings[reason];
    this.writeReady();
    this.socket.close(reason === 'GOING_AWAY' ? 1001 : codes[reason], reason);
    setTimeout(() => this.socket.terminate(), 2_000).unref();
  }

  terminate(): void {
    this.socket.terminate();
  }

  private received(data: Buffer, isBinary: boolean): void {
    this.lastHeardAt = Date.now();
    const frame: Frame = { data, isBinary };
    if (this.streaming && this.inbox.length === 0 && this.underWay < maxInbox) {
      const next = this.read(frame);
      if (next === undefined) return;
      if (this.mayStream(next)) return this.begin(next);
    }
    this.inbox.push(frame);
    if (this.inbox.length >= maxInbox) this.socket.pause();
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.inbox.length > 0 && !this.over) {
      if (this.replies.areTooMany) {
        await this.untilRepliesLeft();
        continue;
      }
      const received = this.read(this.inbox[0]!);
      if (received === undefined) break;
      if (this.mayStream(received)) {
        await this.stream();
        continue;
      }
      this.inbox.shift();
      this.resumeIfEmpty();
      this.handling = true;
      await this.owner.handle(this, received.command, received.bytes);
      this.handling = false;
      if (this.outbox.isEmpty) continue;
      // What a login has missed is as old as the login: it comes before what later commands change.
      await this.outbox.allReady();
      await pause();
      this.writeReady();
      await (this.mustBeRead ? this.untilRead() : pause());
    }
    this.running = false;
    if (!this.outbox.isEmpty) this.flushSoon();
  }

  /** Pushes go on meanwhile: the bound of what may wait of them ends the connection, not this one. */
  private async untilRepliesLeft(): Promise<void> {
    this.waiting = true;
    if (!this.outbox.isEmpty) this.flushSoon();
    await this.replies.untilRead();
    this.waiting = false;
  }

  /**
   * What a message or an acknowledgement causes is pushed to others, and on a connection of one session those are
   * elsewhere: no push has to wait for its reply.
   */
  private mayStream({ command: { cmd } }: Received): boolean {
    return this.sessions.size === 1 && (cmd === CommandType.direct || cmd === CommandType.ack);
  }

  /**
   * Messages, until another command comes: they are begun in their order, which is the one they are stored in, and do
   * not wait for each other's write to the disk.
   */
  private async stream(): Promise<void> {
    this.streaming = true;
    const ended = new Promise<void>((resolve) => (this.streamEnded = resolve));
    while (this.inbox.length > 0 && this.underWay < maxInbox) {
      const received = this.read(this.inbox[0]!);
      if (received === undefined || !this.mayStream(received)) break;
      this.inbox.shift();
      this.begin(received);
    }
    this.resumeIfEmpty();
    if (!this.outbox.isEmpty) this.flushSoon();
    if (this.underWay > 0) await ended;
    this.streaming = false;
  }

  private begin({ command, bytes }: Received): void {
    this.underWay += 1;
    void this.owner.handle(this, command, bytes).then(this.handled);
  }

  private readonly handled = (): void => {
    this.underWay -= 1;
    if (this.underWay === 0) this.streamEnded();
  };

  private resumeIfEmpty(): void {
    if (this.inbox.length === 0) this.socket.resume();
  }

  private read(frame: Frame): Received | undefined {
    try {
      const command = (frame.command ??= readFrame(frame.data, frame.isBinary));
      const { length } = frame.data;
      return { command, bytes: frame.isBinary ? length : Math.ceil((length * 3) / 4) };
    } catch {
      this.owner.frameRefused('protocol_violation');
      this.close('UNPARSEABLE_RAW_MESSAGE');
      this.inbox = [];
      return undefined;
    }
  }

  private flushSoon(): void {
    if ((this.running && !this.streaming && !this.waiting) || this.flushing) return;
    this.flushing = true;
    this.owner.turn.add(this);
  }

  /** What was put off by {@link flushSoon}. */
  flush(): void {
    this.flushing = false;
    if (!this.handling) this.writeReady();
  }

  private writeReady(): void {
    const ready = this.outbox.takeReady();
    if (ready.length === 0) return;
    writeFrames(this.socket, framesOf(this.dialect.framing, ready));
    // A reader that does not read any longer: it comes back and asks for what it missed.
    if (this.pushedBytes > this.owner.maxBufferedBytes) {
      this.endedBy ??= 'resync';
      this.terminate();
    }
  }

  private gone(): void {
    if (this.over) return;
    this.over = true;
    this.inbox = [];
    this.outbox.clear();
    this.replies.forget();
    this.owner.closed(this);
  }
}

const tooLong = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';

/** The part of a frame that names a session. */
export const peerOf = (client: string): Buffer => peerIdField(client);

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, gapMs));
