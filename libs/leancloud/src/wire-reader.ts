import type { FieldShape, MessageShape } from './shapes.js';

type Fields = Record<string, unknown>;

/** Layouts that only fields have which the schema does not know. */
const fixed64Layout = 1;
const groupStart = 3;
const groupEnd = 4;
const fixed32Layout = 5;
/** Unknown groups are skipped, unless they are nested more deeply than this. */
const maxGroups = 32;

/**
 * Reads the wire format of Protocol Buffers into plain objects: nothing that was not sent, 64-bit integers as numbers,
 * unknown fields left out. Throws RangeError for what is no message.
 */
export class WireReader {
  private at = 0;
  /** The upper half of the number that was read last. */
  private high = 0;

  constructor(private readonly bytes: Buffer) {}

  read(shape: MessageShape): Fields {
    return this.message(shape, this.bytes.length, {});
  }

  /** Recursion goes as deep as the schema does. */
  private message(shape: MessageShape, end: number, into: Fields): Fields {
    while (this.at < end) {
      const tag = this.tag();
      const field = shape.byNumber[tag >>> 3];
      if (field?.tag === tag) this.field(field, end, into);
      else this.skip(tag, end);
    }
    if (this.at !== end) throw new RangeError('a field goes beyond its message');
    for (const name of shape.required) if (into[name] === undefined) throw new RangeError(`no ${name}`);
    return into;
  }

  private field(field: FieldShape, end: number, into: Fields): void {
    const { name, message } = field;
    if (field.repeated) {
      const list = (into[name] ??= []) as unknown[];
      list.push(message === undefined ? this.scalar(field, end) : this.message(message, this.stop(end), {}));
    } else if (message === undefined) into[name] = this.scalar(field, end);
    // A message that comes in parts is one.
    else into[name] = this.message(message, this.stop(end), (into[name] as Fields | undefined) ?? {});
  }

  private scalar({ kind }: FieldShape, end: number): unknown {
    switch (kind) {
      case 'int32':
        return this.varint() | 0;
      case 'int64': {
        const low = this.varint();
        return (this.high | 0) * 0x1_0000_0000 + low;
      }
      case 'bool':
        return (this.varint() | this.high) !== 0;
      default: {
        const stop = this.stop(end);
        const start = this.at;
        this.at = stop;
        // What is kept of it must not keep the whole read alive.
        return kind === 'string'
          ? this.bytes.toString('utf8', start, stop)
          : Buffer.from(this.bytes.subarray(start, stop));
      }
    }
  }

  /** Reads a length: answers where that ends. */
  private stop(end: number): number {
    const length = this.varint();
    if (this.high !== 0 || length > end - this.at) throw new RangeError('a length goes beyond its message');
    return this.at + length;
  }

  private tag(): number {
    const tag = this.varint();
    if (this.high !== 0 || tag < 8) throw new RangeError('no field has this number');
    return tag;
  }

  private skip(tag: number, end: number): void {
    const groups: number[] = [];
    for (let next = tag; ; next = this.tag()) {
      const layout = next & 7;
      if (layout === groupStart) {
        if (groups.push(next >>> 3) > maxGroups) throw new RangeError('nested too deeply');
      } else if (layout === groupEnd) {
        if (groups.pop() !== next >>> 3) throw new RangeError('a group ends that did not begin');
      } else this.skipValue(layout, end);
      if (this.at > end) throw new RangeError('a field goes beyond its message');
      if (groups.length === 0) return;
    }
  }

  private skipValue(layout: number, end: number): void {
    if (layout === fixed64Layout) this.at += 8;
    else if (layout === fixed32Layout) this.at += 4;
    else if (layout === 0) this.varint();
    else if (layout === 2) this.at = this.stop(end);
    else throw new RangeError('no layout has this number');
  }

  /** The lower half of a number of up to 64 bits, without sign; the upper one is left in `high`. */
  private varint(): number {
    let byte = this.byte();
    this.high = 0;
    if (byte < 0x80) return byte;
    let low = byte & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      byte = this.byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return low;
    }
    byte = this.byte();
    low |= (byte & 0x0f) << 28;
    this.high = (byte & 0x7f) >>> 4;
    for (let shift = 3; byte >= 0x80; shift += 7) {
      if (shift > 31) throw new RangeError('a number of more than ten bytes');
      byte = this.byte();
      this.high |= (byte & 0x7f) << shift;
    }
    return low >>> 0;
  }

  private byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new RangeError('it ends too early');
    return byte;
  }
}
