import type { Socket } from 'node:net';
import type { Framing } from '@hongyan/leancloud';
import type { WebSocket } from 'ws';

/** What one session gets: encoded without its peer id, and the peer id, which goes into each frame. */
export interface Outgoing {
  readonly peer: Uint8Array;
  readonly frames: readonly Uint8Array[];
}

const finalText = 0x81;
const finalBinary = 0x82;

/**
 * Complete WebSocket frames, one after the other, in one buffer: a burst of pushes is one write. Servers do not mask, and
 * compression is off.
 */
export function framesOf(framing: Framing, pushes: readonly Outgoing[]): Buffer {
  let size = 0;
  for (const { peer, frames } of pushes)
    for (const { length } of frames) size += headerBytes + payloadBytes(framing, peer.length + length);
  const buffer = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { peer, frames } of pushes)
    for (const body of frames) at = writeFrame(buffer, at, framing, peer, body);
  return buffer.subarray(0, at);
}

/** Answers where the next one begins. */
function writeFrame(
  buffer: Buffer,
  at: number,
  framing: Framing,
  peer: Uint8Array,
  body: Uint8Array,
): number {
  const length = peer.length + body.length;
  const payload = payloadBytes(framing, length);
  const start = writeHeader(buffer, at, framing === 'binary' ? finalBinary : finalText, payload);
  if (framing === 'binary') {
    buffer.set(peer, start);
    buffer.set(body, start + peer.length);
  } else buffer.write(Buffer.concat([peer, body], length).toString('base64'), start, 'latin1');
  return start + payload;
}

/** The most that a header needs. */
const headerBytes = 10;

const payloadBytes = (framing: Framing, bytes: number): number =>
  framing === 'binary' ? bytes : Math.ceil(bytes / 3) * 4;

function writeHeader(buffer: Buffer, at: number, first: number, payload: number): number {
  buffer[at] = first;
  if (payload < 126) {
    buffer[at + 1] = payload;
    return at + 2;
  }
  if (payload < 65_536) {
    buffer[at + 1] = 126;
    return buffer.writeUInt16BE(payload, at + 2);
  }
  buffer[at + 1] = 127;
  buffer.writeUInt32BE(0, at + 2);
  return buffer.writeUInt32BE(payload, at + 6);
}

/**
 * Writes complete frames past ws, to its socket: the one place of this door that reaches into ws. Its own frames are
 * written whole, too (nothing is compressed), so the two never mix.
 */
export function writeFrames(webSocket: WebSocket, frames: Buffer): void {
  const { _socket: socket } = webSocket as unknown as { _socket?: Socket | null };
  if (webSocket.readyState !== webSocket.OPEN) return;
  if (socket === undefined || socket === null)
    throw new TypeError('this version of ws keeps its socket elsewhere');
  socket.write(frames);
}
