import type { WireFormat } from '@hongyan/delivery';
import { nativeEvent } from '@hongyan/leancloud';
import type { ServerEvent } from '@hongyan/protocol';

/**
 * Complete WebSocket text frames of the native protocol: FIN and opcode, length, and the Socket.IO packet inside.
 * Servers do not mask, and compression is off, so one frame serves every socket that gets the event.
 */
export class Frame {
  /** An answer: the client asked for it, whatever its size. */
  asked = false;

  constructor(
    readonly bytes: Buffer,
    /** A later frame with the same key says all that this one says. */
    readonly key: string | undefined,
  ) {}
}

const finalText = 0x81;

/** A frame around `text`. */
export function frameBytes(text: string): Buffer {
  const length = Buffer.byteLength(text);
  if (length < 126) {
    const bytes = Buffer.allocUnsafe(2 + length);
    bytes[0] = finalText;
    bytes[1] = length;
    bytes.write(text, 2);
    return bytes;
  }
  if (length < 65_536) {
    const bytes = Buffer.allocUnsafe(4 + length);
    bytes[0] = finalText;
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
    bytes.write(text, 4);
    return bytes;
  }
  const bytes = Buffer.allocUnsafe(10 + length);
  bytes[0] = finalText;
  bytes[1] = 127;
  bytes.writeUInt32BE(0, 2);
  bytes.writeUInt32BE(length, 6);
  bytes.write(text, 10);
  return bytes;
}

/** Engine.IO message (4), Socket.IO event (2), event name `e` with one argument. */
export const eventFrame = (event: ServerEvent): Frame =>
  new Frame(frameBytes(`42["e",${JSON.stringify(event)}]`), supersedingKey(event));

/** Engine.IO message (4), Socket.IO acknowledgement (3) of packet `id`, one argument as JSON text. */
export const answerFrame = (id: number, json: string): Frame =>
  new Frame(frameBytes(`43${id}[${json}]`), undefined);

/** What LeanCloud's clients sent is told in native words. */
export const nativeFormat: WireFormat<Frame> = {
  name: 'native-1',
  encode: (event) => eventFrame(nativeEvent(event)),
};

/** Cursors only rise and a state is told whole: the last of its kind is enough for a reader that lags behind. */
function supersedingKey(event: ServerEvent): string | undefined {
  if (event.type === 'state') return `s ${event.conversation}`;
  if (event.type !== 'cursor' || event.counts !== undefined) return undefined;
  const says = `${event.read === undefined ? '' : 'r'}${event.delivered === undefined ? '' : 'd'}`;
  return `c${says} ${event.conversation} ${event.client ?? ''}`;
}

/** What a client sent: a command, or what else the door has to know. */
export type Incoming =
  | { readonly kind: 'event'; readonly id: number; readonly json: string }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'violation'; readonly id: number };

/** Ids have at most 15 digits, so that they are exact as numbers. */
const eventHeader = /^2(\d{0,15})\[/;
const anyId = /^[0-9](\d{1,15})(?!\d)/;

/** Takes apart a Socket.IO packet (without the Engine.IO type) of the main namespace. `id` is -1 without acknowledgement. */
export function readPacket(packet: unknown): Incoming {
  if (typeof packet !== 'string') return { kind: 'violation', id: -1 };
  const header = eventHeader.exec(packet);
  if (header !== null) {
    const digits = header[1]!;
    return { kind: 'event', id: digits === '' ? -1 : Number(digits), json: packet.slice(1 + digits.length) };
  }
  if (packet === '1') return { kind: 'disconnect' };
  return { kind: 'violation', id: packet.startsWith('2') ? Number(anyId.exec(packet)?.[1] ?? -1) : -1 };
}
