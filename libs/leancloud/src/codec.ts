import protobuf from 'protobufjs';
import type { GenericCommand } from './messages.js';
import { schemaText } from './schema.js';

const { root } = protobuf.parse(schemaText, { keepCase: true });
/** The envelope of everything that travels. */
const envelope = root.lookupType('push_server.messages2.GenericCommand');

/** int64 as numbers (they are times), bytes as Buffers, and nothing that was not sent. */
const plain: protobuf.IConversionOptions = { longs: Number, bytes: Buffer, defaults: false, arrays: false };

/** What came in is no frame of this protocol. The connection lives on or not: that is the door's decision. */
export class UnparseableFrame extends Error {
  override readonly name = 'UnparseableFrame';
}

/** Throws {@link UnparseableFrame}, and nothing else, whatever the bytes are. */
export function decodeCommand(bytes: Uint8Array): GenericCommand {
  try {
    return envelope.toObject(envelope.decode(bytes), plain);
  } catch (cause) {
    throw new UnparseableFrame('not a command', { cause });
  }
}

/** Fields that are absent (or undefined) are not written, empty lists neither; 0, false and '' are. */
export function encodeCommand(command: GenericCommand): Buffer {
  const bytes = envelope.encode(command).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

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
