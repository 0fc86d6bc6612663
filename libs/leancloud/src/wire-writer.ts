import type { FieldShape, MessageShape } from './shapes.js';

/** Frames beyond this are rare: what they needed is given back. */
const keptBytes = 64 * 1024;
/** Texts of so many characters have a length of one byte, unless they are far from ASCII. */
const shortText = 42;

/**
 * Writes plain objects in the wire format of Protocol Buffers, in the order of their properties. What is undefined or null is
 * not written, empty lists neither; 0, false and '' are. Keep one: it writes into the same bytes again and answers copies.
 */
export class WireWriter {
  private bytes = Buffer.allocUnsafe(keptBytes);
  private at = 0;

  write(shape: MessageShape, message: object): Buffer {
    this.at = 0;
    this.message(shape, message);
    const written = Buffer.allocUnsafe(this.at);
    this.bytes.copy(written, 0, 0, this.at);
    if (this.bytes.length > keptBytes) this.bytes = Buffer.allocUnsafe(keptBytes);
    return written;
  }

  private message(shape: MessageShape, message: object): void {
    for (const name in message) {
      const field = shape.byName.get(name);
      const value = (message as Record<string, unknown>)[name];
      if (field === undefined || value === undefined || value === null) continue;
      if (!field.repeated) this.field(field, value);
      else for (const one of value as readonly unknown[]) this.field(field, one);
    }
  }

  private field(field: FieldShape, value: unknown): void {
    this.reserve(25); // a tag and a number of ten bytes, or a tag and a length
    this.unsigned(field.tag);
    switch (field.kind) {
      case 'bool':
        this.bytes[this.at++] = value === true ? 1 : 0;
        return;
      case 'int32':
        return this.number((value as number) | 0);
      case 'int64':
        return this.number(value as number);
      case 'string':
        return this.text(value as string);
      case 'bytes':
        return this.block(value as Uint8Array);
      case 'message':
        return this.nested(field.message!, value as object);
    }
  }

  private nested(shape: MessageShape, message: object): void {
    const start = (this.at += 1);
    this.message(shape, message);
    this.close(start, 1);
  }

  private text(text: string): void {
    if (text.length <= shortText) return this.short(text);
    const before = lengthBytes(text.length);
    const start = (this.at += before);
    this.reserve(3 * text.length);
    this.at += this.bytes.write(text, start);
    this.close(start, before);
  }

  /** Writes the length of what was written since `start`; that moves where it needs more than the bytes `before` it. */
  private close(start: number, before: number): void {
    const length = this.at - start;
    const more = lengthBytes(length) - before;
    if (more > 0) {
      this.reserve(more);
      this.bytes.copyWithin(start + more, start, this.at);
    }
    this.at = start - before;
    this.unsigned(length);
    this.at += length;
  }

  /** Ids, nearly always: a call out of JavaScript would cost more than the loop. */
  private short(text: string): void {
    const start = this.at + 1;
    this.reserve(1 + 3 * shortText);
    const { bytes } = this;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code >= 0x80) {
        const length = bytes.write(text, start);
        bytes[start - 1] = length;
        this.at = start + length;
        return;
      }
      bytes[start + at] = code;
    }
    bytes[start - 1] = text.length;
    this.at = start + text.length;
  }

  private block(block: Uint8Array): void {
    this.unsigned(block.length);
    this.reserve(block.length);
    this.bytes.set(block, this.at);
    this.at += block.length;
  }

  private number(value: number): void {
    if (value >= 0 && Number.isSafeInteger(value)) return this.unsigned(value);
    let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)));
    for (; rest > 0x7fn; rest >>= 7n) this.bytes[this.at++] = Number(rest & 0x7fn) | 0x80;
    this.bytes[this.at++] = Number(rest);
  }

  /** Bits are taken from 32 at a time, and times have more. */
  private unsigned(value: number): void {
    const { bytes } = this;
    let { at } = this;
    let rest = value;
    if (rest >= 2 ** 28) {
      const low = rest % 2 ** 28;
      bytes[at++] = low | 0x80;
      bytes[at++] = (low >>> 7) | 0x80;
      bytes[at++] = (low >>> 14) | 0x80;
      bytes[at++] = (low >>> 21) | 0x80;
      rest = (rest - low) / 2 ** 28;
    }
    for (; rest > 0x7f; rest >>>= 7) bytes[at++] = rest | 0x80;
    bytes[at++] = rest;
    this.at = at;
  }

  private reserve(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.at + more));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}

/** For lengths below 256 MB. */
function lengthBytes(length: number): number {
  if (length < 2 ** 7) return 1;
  if (length < 2 ** 14) return 2;
  return length < 2 ** 21 ? 3 : 4;
}
