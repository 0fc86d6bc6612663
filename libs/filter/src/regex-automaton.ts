import { tooComplex } from './fields.js';
import { foldCase, sameIgnoringCase } from './fold-case.js';
import { consumes, isAnchored, remembered, type Program } from './regex-chain.js';
import type { Part, Token } from './regex-syntax.js';
import type { LinearPattern } from './types.js';

/**
 * Patterns with alternatives and repetitions. They become a graph of states; the text is read once, with the set of all
 * states that the pattern can be in, so nothing is ever tried again. Sets that came up are kept with where they lead,
 * a bounded number of them: most texts are read by look-ups.
 */

type State =
  | { readonly kind: 'token'; readonly token: Token; readonly next: number }
  | { readonly kind: 'start' | 'end'; readonly next: readonly [number] }
  /** Goes on at each of these without a character. */
  | { readonly kind: 'fork'; next: readonly number[] }
  | { readonly kind: 'found' };

/** Bounds the work per character. */
const mostStates = 400;
/** Bounds memory: states of kept sets, and steps between those. */
const mostKept = 10_000;
/** Characters, beside those of ASCII, of which it is remembered who takes them. */
const mostRemembered = 100;

/** Throws AppError `filter_too_complex` if the graph would be too large. */
export function automatonProgram(pattern: Part, { ignoreCase, multiline }: LinearPattern): Program {
  const graph = new Graph(ignoreCase);
  const first = graph.add({ kind: 'found' });
  const entry = graph.compile(pattern, first);
  return new Reader(graph.states, entry, { ignoreCase, multiline }, beginsAtStart(pattern, multiline))
    .program;
}

function beginsAtStart(part: Part, multiline: boolean): boolean {
  return part.kind === 'sequence' && isAnchored(part.parts, multiline);
}

class Graph {
  readonly states: State[] = [];

  constructor(private readonly ignoreCase: boolean) {}

  add(state: State): number {
    if (this.states.length >= mostStates) throw tooComplex(`a pattern needs more than ${mostStates} steps`);
    return this.states.push(state) - 1;
  }

  /** The state in which `part` begins; what follows it begins at `next`. */
  compile(part: Part, next: number): number {
    switch (part.kind) {
      case 'sequence':
        return part.parts.reduceRight((following, one) => this.compile(one, following), next);
      case 'either':
        return this.add({ kind: 'fork', next: part.options.map((option) => this.compile(option, next)) });
      case 'repeat':
        return this.repeat(part, next);
      case 'star':
        return this.loop({ kind: 'any' }, next);
      case 'start':
      case 'end':
        return this.add({ kind: part.kind, next: [next] });
      default:
        return this.add({ kind: 'token', token: this.folded(part), next });
    }
  }

  private repeat({ part, min, max }: Part & { kind: 'repeat' }, next: number): number {
    let entry = next;
    if (max === undefined) entry = this.loop(part, next);
    else
      for (let n = min; n < max; n += 1)
        entry = this.add({ kind: 'fork', next: [this.compile(part, entry), next] });
    for (let n = 0; n < min; n += 1) entry = this.compile(part, entry);
    return entry;
  }

  private loop(part: Part, next: number): number {
    const fork: State & { kind: 'fork' } = { kind: 'fork', next: [] };
    const entry = this.add(fork);
    fork.next = [this.compile(part, entry), next];
    return entry;
  }

  private folded(token: Token): Token {
    return this.ignoreCase && token.kind === 'char'
      ? { ...token, codePoint: foldCase(token.codePoint) }
      : token;
  }
}

/** What was before a place of the text, as far as anchors ask: its beginning, a line feed, or another character. */
type Before = 'beginning' | 'line' | 'character';

/** A set of states before a character, and where characters led from it. */
interface Place {
  readonly states: readonly number[];
  readonly before: Before;
  /** By code point; -1 is the end of the text. `found`: the pattern is in the text. */
  readonly then: Map<number, Place | 'found' | 'lost'>;
}

const lineFeed = 10;
const ends = -1;

class Reader {
  private readonly places = new Map<string, Place>();
  private kept = 0;
  /** Marks of states, all clear between two steps. */
  private readonly seen: Uint8Array;
  private readonly next: Uint8Array;
  /** Which states a character lets move on. */
  private readonly taking: (codePoint: number) => Uint8Array;
  private readonly multiline: boolean;

  constructor(
    private readonly states: readonly State[],
    private readonly entry: number,
    { ignoreCase, multiline }: Pick<LinearPattern, 'ignoreCase' | 'multiline'>,
    private readonly anchored: boolean,
  ) {
    this.multiline = multiline;
    this.seen = new Uint8Array(states.length);
    this.next = new Uint8Array(states.length);
    this.taking = remembered((codePoint) => {
      const cases = ignoreCase ? sameIgnoringCase(codePoint) : [codePoint];
      const taking = new Uint8Array(states.length);
      for (const [number, state] of states.entries())
        if (state.kind === 'token' && consumes(state.token, codePoint, cases)) taking[number] = 1;
      return taking;
    }, mostRemembered);
  }

  readonly program: Program = (text) => {
    let place = this.placeOf([this.entry], 'beginning');
    for (let at = 0; ;) {
      const current = at < text.length ? (text.codePointAt(at) as number) : ends;
      const then = place.then.get(current) ?? this.follow(place, current);
      if (then === 'found') return true;
      if (then === 'lost') return false;
      place = then;
      at += current > 0xffff ? 2 : 1;
    }
  };

  private follow(place: Place, current: number): Place | 'found' | 'lost' {
    if (this.kept >= mostKept) this.forget();
    const then = this.step(place, current);
    this.kept += 1;
    place.then.set(current, then);
    return then;
  }

  /** The place at which the reader is just now goes with the others as soon as it moves on. */
  private forget(): void {
    for (const place of this.places.values()) place.then.clear();
    this.places.clear();
    this.kept = 0;
  }

  private step({ states, before }: Place, current: number): Place | 'found' | 'lost' {
    const wanting = this.wanting(states, before, current);
    if (wanting === 'found') return 'found';
    if (current === ends) return 'lost';
    const { next } = this;
    const takes = this.taking(current);
    if (!this.anchored) next[this.entry] = 1;
    for (const number of wanting)
      if (takes[number] === 1) next[(this.states[number] as State & { kind: 'token' }).next] = 1;
    const reached: number[] = [];
    for (let number = 0; number < next.length; number += 1)
      if (next[number] === 1) {
        reached.push(number);
        next[number] = 0;
      }
    if (reached.length === 0) return 'lost';
    return this.placeOf(reached, current === lineFeed ? 'line' : 'character');
  }

  /** The states that want a character, reached from these without taking one. */
  private wanting(states: readonly number[], before: Before, current: number): readonly number[] | 'found' {
    const atStart = before === 'beginning' || (this.multiline && before === 'line');
    const atEnd = current === ends || (this.multiline && current === lineFeed);
    const { seen } = this;
    // It grows while it is gone through.
    const reached = [...states];
    for (const number of reached) seen[number] = 1;
    const wanting: number[] = [];
    let found = false;
    for (let at = 0; at < reached.length; at += 1) {
      const number = reached[at]!;
      const state = this.states[number]!;
      if (state.kind === 'found') found = true;
      else if (state.kind === 'token') wanting.push(number);
      else if (state.kind === 'fork' || (state.kind === 'start' ? atStart : atEnd))
        for (const one of state.next)
          if (seen[one] === 0) {
            seen[one] = 1;
            reached.push(one);
          }
    }
    for (const number of reached) seen[number] = 0;
    return found ? 'found' : wanting;
  }

  private placeOf(states: readonly number[], before: Before): Place {
    const key = before + String.fromCharCode(...states);
    const known = this.places.get(key);
    if (known !== undefined) return known;
    const place: Place = { states, before, then: new Map() };
    this.kept += states.length;
    this.places.set(key, place);
    return place;
  }
}
