import type { GenericCommand } from './messages.js';
import { envelope } from './shapes.js';
import { WireReader } from './wire-reader.js';
import { WireWriter } from './wire-writer.js';

const writer = new WireWriter();

/** What came in is no frame of this protocol. The connection lives on or not: that is the door's decision. */
export class UnparseableFrame extends Error {
  override readonly name = 'UnparseableFrame';
}

/** Throws {@link UnparseableFrame}, and nothing else, whatever the bytes are. */
export function decodeCommand(bytes: Uint8Array): GenericCommand {
  try {
    return new WireReader(asBuffer(bytes)).read(envelope);
  } catch (cause) {
    throw new UnparseableFrame('not a command', { cause });
  }
}

/** Fields that are absent (or undefined) are not written, empty lists neither; 0, false and '' are. */
export const encodeCommand = (command: GenericCommand): Buffer => writer.write(envelope, command);

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** How frames look on one connection: bytes, or base64 text for clients that can only send text. */
export type Framing = 'binary' | 'base64';

const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Either form is understood on either kind of connection. Throws {@link UnparseableFrame}. */
export function readFrame(data: Uint8Array, isBinary: boolean): GenericCommand {
  if (isBinary) return decodeCommand(data);
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1').trim();
  if (!base64.test(text)) throw new UnparseableFrame('not base64');
  return decodeCommand(Buffer.from(text, 'base64'));
}

/**
 * The `peerId` of the envelope as bytes of its own. Fields may come in any order, so a command that goes to many
 * sessions is encoded once without it and each session puts its own in front.
 */
export function peerIdField(peerId: string): Buffer {
  return encodeCommand({ peerId });
}

/** A whole frame of already encoded parts, as it is handed to the socket. */
export function joinFrame(framing: Framing, parts: readonly Uint8Array[]): Buffer | string {
  const bytes = parts.length === 1 ? Buffer.from(parts[0]!) : Buffer.concat(parts);
  return framing === 'binary' ? bytes : bytes.toString('base64');
}
