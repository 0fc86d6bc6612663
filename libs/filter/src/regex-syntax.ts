import { invalid, shown } from './fields.js';

/** What a pattern is made of, in order. `star` is `.*`; `start` and `end` are the anchors. */
export type Token =
  | { readonly kind: 'char'; readonly codePoint: number }
  | { readonly kind: 'any' | 'star' | 'start' | 'end' }
  | {
      readonly kind: 'class';
      readonly negated: boolean;
      readonly ranges: readonly (readonly [number, number])[];
    };

const special = new Set('*+?{}()|[]');
const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** Takes a pattern apart. Throws AppError `filter_invalid` for anything that is not in the language. */
export function parsePattern(source: string): Token[] {
  return new PatternReader(source).read();
}

class PatternReader {
  readonly #characters: readonly string[];
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(private readonly source: string) {
    this.#characters = [...source];
  }

  read(): Token[] {
    while (this.#at < this.#characters.length) this.#readOne(this.#next());
    return this.#tokens;
  }

  #readOne(character: string): void {
    switch (character) {
      case '^':
        this.#tokens.push({ kind: 'start' });
        return;
      case '$':
        this.#tokens.push({ kind: 'end' });
        return;
      case '.':
        this.#dot();
        return;
      case '[':
        this.#class();
        return;
      case '\\':
        if (this.#peek() === 'Q') this.#quoted();
        else this.#char(this.#escaped());
        return;
      default:
        if (special.has(character)) throw this.#refuse(character);
        this.#char(character);
    }
  }

  #dot(): void {
    if (this.#peek() !== '*') {
      this.#tokens.push({ kind: 'any' });
      return;
    }
    this.#at += 1;
    if (this.#tokens.at(-1)?.kind !== 'star') this.#tokens.push({ kind: 'star' });
  }

  /** `\Q…\E`; without `\E` up to the end. */
  #quoted(): void {
    this.#at += 1;
    while (this.#at < this.#characters.length) {
      const character = this.#next();
      if (character === '\\' && this.#peek() === 'E') {
        this.#at += 1;
        return;
      }
      this.#char(character);
    }
  }

  #escaped(): string {
    const character = this.#next();
    if (Object.hasOwn(controls, character)) return controls[character] as string;
    if (/[A-Za-z0-9]/.test(character)) throw this.#refuse(`\\${character}`);
    return character;
  }

  #class(): void {
    const negated = this.#peek() === '^';
    if (negated) this.#at += 1;
    const ranges: [number, number][] = [];
    while (this.#peek() !== ']') {
      const from = this.#member();
      const isRange = this.#peek() === '-' && this.#characters[this.#at + 1] !== ']';
      if (isRange) this.#at += 1;
      const to = isRange ? this.#member() : from;
      if (to < from) throw this.#refuse('a range that goes backwards');
      ranges.push([from, to]);
    }
    this.#at += 1;
    if (ranges.length === 0) throw this.#refuse('an empty class');
    this.#tokens.push({ kind: 'class', negated, ranges });
  }

  #member(): number {
    const character = this.#next();
    if (character === '[') throw this.#refuse('[ within a class');
    return codePointOf(character === '\\' ? this.#escaped() : character);
  }

  #char(character: string): void {
    this.#tokens.push({ kind: 'char', codePoint: codePointOf(character) });
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string {
    const character = this.#characters[this.#at];
    if (character === undefined) throw invalid(`the pattern ${shown(this.source)} ends too early`);
    this.#at += 1;
    return character;
  }

  #refuse(what: string): Error {
    return invalid(`a pattern cannot have ${shown(what)}; see the list of what it can`);
  }
}

const codePointOf = (character: string): number => character.codePointAt(0) as number;
