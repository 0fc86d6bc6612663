import { invalid, shown, tooComplex } from './fields.js';

type Ranges = readonly (readonly [number, number])[];

/** One step of a pattern. `star` is `.*`; `start` and `end` are the anchors. */
export type Token =
  | { readonly kind: 'char'; readonly codePoint: number }
  | { readonly kind: 'any' | 'star' | 'start' | 'end' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: Ranges };

/** What a pattern is made of: steps one after the other, alternatives, and repetitions (`max` absent: any number). */
export type Part =
  | Token
  | { readonly kind: 'sequence'; readonly parts: readonly Part[] }
  | { readonly kind: 'either'; readonly options: readonly Part[] }
  | { readonly kind: 'repeat'; readonly part: Part; readonly min: number; readonly max?: number };

const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' };
const digits: Ranges = [[48, 57]];
const word: Ranges = [[48, 57], [65, 90], [95, 95], [97, 122]]; // prettier-ignore
const space: Ranges = [[9, 13], [32, 32]]; // prettier-ignore
const families: Readonly<Record<string, Ranges>> = { d: digits, w: word, s: space };
/** More of one part is a mistake, or an attack. */
const mostRepeated = 100;
const deepest = 20;

/** Takes a pattern apart. Throws AppError `filter_invalid` for anything that is not in the language. */
export function parsePattern(source: string): Part {
  return new PatternReader(source).read();
}

/** The steps of a pattern that has neither alternatives nor repetitions, but `.*`. */
export function chainOf(part: Part): readonly Token[] | undefined {
  switch (part.kind) {
    case 'sequence': {
      const tokens: Token[] = [];
      for (const one of part.parts) {
        const chain = chainOf(one);
        if (chain === undefined) return undefined;
        tokens.push(...chain);
      }
      return tokens;
    }
    case 'either':
    case 'repeat':
      return undefined;
    default:
      return [part];
  }
}

class PatternReader {
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(private readonly source: string) {
    this.#characters = [...source];
  }

  read(): Part {
    const part = this.#alternatives();
    if (this.#at < this.#characters.length) throw this.#refuse(this.#next());
    return part;
  }

  #alternatives(): Part {
    const options = [this.#sequence()];
    while (this.#peek() === '|') {
      this.#at += 1;
      options.push(this.#sequence());
    }
    return options.length === 1 ? options[0]! : { kind: 'either', options };
  }

  /** Up to `|`, the end of the group, or the end. */
  #sequence(): Part {
    const parts: Part[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      // One after the other, so that a repetition is of the last character only.
      if (next === '\\' && this.#characters[this.#at + 1] === 'Q') parts.push(...this.#quoted());
      else parts.push(this.#atom());
      const last = parts.at(-1);
      const repeated = last === undefined ? undefined : this.#repetition(last);
      if (repeated !== undefined) parts[parts.length - 1] = repeated;
      if (isStar(parts.at(-1)) && isStar(parts.at(-2))) parts.pop();
    }
    return { kind: 'sequence', parts };
  }

  #atom(): Part {
    const character = this.#next();
    switch (character) {
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '.':
        return { kind: 'any' };
      case '[':
        return this.#class();
      case '(':
        return this.#group();
      case '\\': {
        const family = this.#family();
        return family ?? charOf(this.#escaped());
      }
      case '*':
      case '+':
      case '?':
      case '{':
      case '}':
      case ']':
        throw this.#refuse(character);
      default:
        return charOf(character);
    }
  }

  /** `(…)` and `(?:…)` are the same: nobody asks what was in it. */
  #group(): Part {
    this.#depth += 1;
    if (this.#depth > deepest) throw tooComplex(`a pattern has groups nested deeper than ${deepest}`);
    if (this.#peek() === '?') {
      this.#at += 1;
      const what = this.#next();
      if (what !== ':') throw this.#refuse(`(?${what}`);
    }
    const part = this.#alternatives();
    if (this.#next() !== ')') throw this.#refuse('a group without its end');
    this.#depth -= 1;
    return part;
  }

  /** `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}` behind a part. Whether as much or as little as possible finds the same. */
  #repetition(part: Part): Part | undefined {
    const found = this.#times();
    if (found === undefined) return undefined;
    if (part.kind === 'start' || part.kind === 'end') throw this.#refuse('a repeated anchor');
    if (this.#peek() === '?') this.#at += 1;
    const next = this.#peek();
    if (next === '*' || next === '+' || next === '?' || next === '{')
      throw this.#refuse('a repetition of a repetition');
    const { min, max } = found;
    if (part.kind === 'any' && min === 0 && max === undefined) return { kind: 'star' };
    return { kind: 'repeat', part, min, ...(max === undefined ? {} : { max }) };
  }

  #times(): { readonly min: number; readonly max?: number | undefined } | undefined {
    switch (this.#peek()) {
      case '*':
        this.#at += 1;
        return { min: 0 };
      case '+':
        this.#at += 1;
        return { min: 1 };
      case '?':
        this.#at += 1;
        return { min: 0, max: 1 };
      case '{':
        return this.#counted();
      default:
        return undefined;
    }
  }

  #counted(): { readonly min: number; readonly max?: number | undefined } {
    const text = this.#characters.slice(this.#at, this.#at + 9).join('');
    const [all, from = '', comma, to = ''] = /^\{(\d{1,3})(,)?(\d{1,3})?\}/.exec(text) ?? [];
    if (all === undefined || (comma === undefined && to !== '')) throw this.#refuse('{');
    this.#at += all.length;
    const min = Number(from);
    const max = comma === undefined ? min : to === '' ? undefined : Number(to);
    if ((max ?? min) < min) throw this.#refuse(all);
    if ((max ?? min) > mostRepeated)
      throw tooComplex(`a pattern repeats something more than ${mostRepeated} times`);
    return { min, max };
  }

  /** `\Q…\E`; without `\E` up to the end. */
  #quoted(): Part[] {
    this.#at += 2;
    const parts: Part[] = [];
    while (this.#at < this.#characters.length) {
      const character = this.#next();
      if (character === '\\' && this.#peek() === 'E') {
        this.#at += 1;
        break;
      }
      parts.push(charOf(character));
    }
    return parts;
  }

  /** `\d`, `\w`, `\s` and what is none of them, in ASCII. */
  #family(): (Token & { kind: 'class' }) | undefined {
    const letter = this.#peek() ?? '';
    const ranges = Object.hasOwn(families, letter.toLowerCase()) ? families[letter.toLowerCase()] : undefined;
    if (ranges === undefined) return undefined;
    this.#at += 1;
    return { kind: 'class', negated: letter !== letter.toLowerCase(), ranges };
  }

  #escaped(): string {
    const character = this.#next();
    if (Object.hasOwn(controls, character)) return controls[character] as string;
    if (/[A-Za-z0-9]/.test(character)) throw this.#refuse(`\\${character}`);
    return character;
  }

  #class(): Part {
    const negated = this.#peek() === '^';
    if (negated) this.#at += 1;
    const ranges: (readonly [number, number])[] = [];
    while (this.#peek() !== ']') {
      const family = this.#familyInClass();
      if (family !== undefined) {
        ranges.push(...family);
        continue;
      }
      const from = this.#member();
      const isRange = this.#peek() === '-' && this.#characters[this.#at + 1] !== ']';
      if (isRange) this.#at += 1;
      const to = isRange ? this.#member() : from;
      if (to < from) throw this.#refuse('a range that goes backwards');
      ranges.push([from, to]);
    }
    this.#at += 1;
    if (ranges.length === 0) throw this.#refuse('an empty class');
    return { kind: 'class', negated, ranges };
  }

  #familyInClass(): Ranges | undefined {
    if (this.#peek() !== '\\') return undefined;
    this.#at += 1;
    const family = this.#family();
    if (family === undefined) {
      this.#at -= 1;
      return undefined;
    }
    return family.negated ? othersThan(family.ranges) : family.ranges;
  }

  #member(): number {
    const character = this.#next();
    if (character === '[') throw this.#refuse('[ within a class');
    return codePointOf(character === '\\' ? this.#escaped() : character);
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

const isStar = (part: Part | undefined): boolean => part?.kind === 'star';
const charOf = (character: string): Token => ({ kind: 'char', codePoint: codePointOf(character) });
const codePointOf = (character: string): number => character.codePointAt(0) as number;

/** All code points that are in none of these ascending ranges. */
function othersThan(ranges: Ranges): Ranges {
  const others: [number, number][] = [];
  let from = 0;
  for (const [low, high] of ranges) {
    if (low > from) others.push([from, low - 1]);
    from = high + 1;
  }
  others.push([from, 0x10ffff]);
  return others;
}
