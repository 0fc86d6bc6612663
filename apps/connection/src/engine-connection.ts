import type { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';

/**
 * The one file that reaches into Socket.IO 4.8.3, engine.io 6.6 and ws 8.21 (engine-connection.spec.ts pins what it
 * relies on). It takes a connected socket over from Socket.IO: what comes in goes straight to its owner, and frames that
 * are complete already are written without a detour.
 */
export interface EngineConnection extends EventEmitter {
  readonly readyState: 'opening' | 'open' | 'closing' | 'closed';
  readonly transport: EngineTransport;
  readonly writeBuffer: unknown[];
  request: unknown;
  flush(): void;
  close(discard?: boolean): void;
  [owner]?: ConnectionOwner;
}

interface EngineTransport extends EventEmitter {
  writable: boolean;
  readonly socket: WebSocketInternals;
  [owner]?: ConnectionOwner;
}

/** What is left of a connection that closes. */
export interface WebSocketInternals extends EventEmitter {
  readonly _socket: EventEmitter;
  readonly _sender: { sendFrame(list: Buffer[], callback: (error?: Error) => void): void };
  readonly readyState: number;
  terminate(): void;
}

/** Who hears of what happens on a connection that was taken over. */
export interface ConnectionOwner {
  /** A Socket.IO packet; undefined: a frame that Engine.IO does not understand, after which it closes. */
  received(packet: unknown): void;
  closed(): void;
  /** The transport takes bytes again: the last write has left the process. */
  transportReady(): void;
}

interface EnginePacket {
  readonly type: string;
  readonly data?: unknown;
}

const owner = Symbol('who hears of a connection');
const admission = Symbol('a connection is admitted at most once');
const nothing = Object.freeze({});
const ignore = (): void => undefined;
const closedState = 3;

export const connectionOf = (socket: Socket): EngineConnection => socket.conn as unknown as EngineConnection;

/** Takes the connected socket over and lets go of what the handshake left behind. */
export function takeOver(socket: Socket, by: ConnectionOwner): void {
  const conn = connectionOf(socket);
  const { ondata } = socket.client as unknown as { ondata: (data: unknown) => void };
  conn.removeListener('data', ondata);
  conn[owner] = by;
  conn.transport[owner] = by;
  conn.on('packet', onPacket);
  conn.on('close', onClose);
  conn.transport.on('ready', onReady);
  forgetHandshake(socket, conn);
}

/** False while the last write is still under way. */
export const takesBytes = (conn: EngineConnection): boolean =>
  conn.readyState === 'open' && conn.transport.writable;

/** Writes complete frames. */
export function writeFrames(conn: EngineConnection, bytes: Buffer): void {
  conn.writeBuffer.push(packetOf(bytes));
  conn.flush();
}

/** Writes complete frames before a connection closes, behind what Engine.IO itself has not written yet. */
export function writeLast(conn: EngineConnection, bytes: Buffer): void {
  if (conn.writeBuffer.length > 0) conn.writeBuffer.push(packetOf(bytes));
  else conn.transport.socket._sender.sendFrame([bytes], ignore);
}

export const isClosed = ({ readyState }: WebSocketInternals): boolean => readyState === closedState;

const packetOf = (bytes: Buffer) => ({ type: 'message', options: { wsPreEncodedFrame: [bytes] } });

function onPacket(this: EngineConnection, packet: EnginePacket): void {
  if (packet.type === 'message') this[owner]!.received(packet.data ?? '');
  else if (packet.type === 'error') this[owner]!.received(undefined);
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
  setImmediate(() => connectionOf(socket).close());
}
