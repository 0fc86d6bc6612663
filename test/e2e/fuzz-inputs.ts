import { randomBytes } from 'node:crypto';

/** Malformed inputs, drawn from a seed so that a failure can be run again. */
export class FuzzInputs {
  constructor(private state: number) {}

  /** 0 <= n < 1 */
  next(): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.state / 2 ** 32;
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  bytes(most: number): Buffer {
    return randomBytes(1 + this.below(most));
  }

  text(most = 40): string {
    const kinds = ['abcXYZ09_-', '{}[]":,\\', '\u0000\u0001\u001f\u007f', 'é漢😀\u202e\ud800', ' \t\n'];
    return Array.from({ length: this.below(most) }, () => this.pick([...this.pick(kinds)])).join('');
  }

  /** Any JSON value, mostly of a wrong type. */
  value(depth = 0): unknown {
    const kind = this.below(depth > 3 ? 8 : 11);
    switch (kind) {
      case 0:
        return null;
      case 1:
        return this.next() < 0.5;
      case 2:
        return this.pick([0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER + 2, -(2 ** 53), 2 ** 31]);
      case 3:
      case 4:
        return this.text();
      case 5:
        return '../../etc/passwd';
      case 6:
        return "'; drop table entries; --";
      case 7:
        return this.pick(['__proto__', 'constructor', 'toString', '$where', '$ne']);
      case 8:
        return Array.from({ length: this.below(5) }, () => this.value(depth + 1));
      case 9:
        return { [this.text(8)]: this.value(depth + 1), $gt: this.value(depth + 1) };
      default:
        return nested(this.pick([10, 200, 2_000]), this.next() < 0.5);
    }
  }

  /** What is no command at all. */
  packet(): string {
    const forms = [
      () => this.text(),
      () => '4',
      () => '42',
      () => '42[',
      () => `42${this.below(99)}["c"`,
      () => `42["c",${JSON.stringify(this.value())}]`,
      () => `42${'9'.repeat(30)}["c","x",{}]`,
      () => `43${this.below(99)}[${JSON.stringify(this.value())}]`,
      () => `451-["c",{"_placeholder":true,"num":0}]`,
      () => `45${this.below(9)}-["c"]`,
      () => `42/other,["c","message.send",{}]`,
      () => `40/admin,{}`,
      () => `40{"v":1}`,
      () => `44${this.text()}`,
      () => `2${this.text()}`,
      () => `6`,
      () => `5`,
      () => `42["e",{"type":"session"}]`,
      () => `42["disconnect"]`,
      () => `bAAAA${this.text()}`,
      () => `42["c","message.send",${'['.repeat(5_000)}`,
    ];
    return this.pick(forms)();
  }

  /** A WebSocket frame against the rules: reserved bits, lengths that lie, no mask, control frames too long … */
  frame(): Buffer {
    const first = this.below(256);
    const second = this.below(256);
    return Buffer.concat([Buffer.from([first, second]), this.bytes(60)]);
  }
}

/** Arrays or objects in each other. */
function nested(depth: number, objects: boolean): unknown {
  let value: unknown = 1;
  for (let at = 0; at < depth; at += 1) value = objects ? { a: value } : [value];
  return value;
}
