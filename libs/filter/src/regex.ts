import { bounds, invalid, shown, tooComplex } from './fields.js';
import { automatonProgram } from './regex-automaton.js';
import { chainOf, parsePattern } from './regex-syntax.js';
import type { Token } from './regex-syntax.js';
import type { LinearPattern } from './types.js';
import { foldCase, foldText } from './fold-case.js';
import { chainProgram } from './regex-chain.js';
import type { Program } from './regex-chain.js';

/**
 * Patterns that every engine runs in linear time: literals, `\Q…\E`, escapes, `^`, `$`, `.`, character classes, groups,
 * alternatives and repetitions. Characters are code points. `.` is anything but a line feed; without flag `m`, `^` and
 * `$` are the ends of the text only.
 *
 * The matcher never goes back: each character of the text moves the whole set of states that the pattern can be in
 * once. Without alternatives and repetitions (but `.*`) a pattern is a chain of at most {@link bounds}.patternLength
 * states, and the set a few machine words; otherwise it is a graph (regex-automaton.ts).
 */

/** Checks a `$regex` with its `$options` (any of `i`, `m`). Throws AppError `filter_invalid`, `filter_too_complex`. */
export function compilePattern(source: string, options = ''): LinearPattern {
  if (!/^(?:i?m?|mi)$/.test(options))
    throw invalid(`"$options" ${shown(options)}: only "i" and "m" are known`);
  if (source.length > bounds.patternLength)
    throw tooComplex(`a pattern is longer than ${bounds.patternLength}`);
  if (!source.isWellFormed()) throw invalid('a pattern is not well-formed Unicode');
  const pattern = { source, ignoreCase: options.includes('i'), multiline: options.includes('m') };
  programOf(pattern);
  return pattern;
}

/** True when the pattern is found anywhere in the text. Linear in the length of the text, whatever the pattern. */
export function matchesPattern(pattern: LinearPattern, text: string): boolean {
  return programOf(pattern)(text);
}

const programs = new Map<string, Program>();

function programOf(pattern: LinearPattern): Program {
  const key = `${pattern.ignoreCase ? 'i' : ''}${pattern.multiline ? 'm' : ''}/${pattern.source}`;
  let program = programs.get(key);
  if (!program) {
    const part = parsePattern(pattern.source);
    const chain = chainOf(part);
    program =
      chain === undefined
        ? automatonProgram(part, pattern)
        : (literalProgram(chain, pattern) ?? chainProgram(chain, pattern));
    if (programs.size >= 200) programs.delete(programs.keys().next().value as string);
    programs.set(key, program);
  }
  return program;
}

/** Contains, begins with, ends with, is: most patterns are one of these. */
function literalProgram(
  tokens: readonly Token[],
  { ignoreCase, multiline }: LinearPattern,
): Program | undefined {
  if (multiline) return undefined;
  const atStart = tokens[0]?.kind === 'start';
  const atEnd = tokens.at(-1)?.kind === 'end';
  const middle = tokens.slice(atStart ? 1 : 0, atEnd ? -1 : undefined);
  const codePoints: number[] = [];
  for (const token of middle) {
    if (token.kind !== 'char') return undefined;
    codePoints.push(ignoreCase ? foldCase(token.codePoint) : token.codePoint);
  }
  const literal = codePoints.map((codePoint) => String.fromCodePoint(codePoint)).join('');
  const test: Program =
    atStart && atEnd
      ? (text) => text === literal
      : atStart
        ? (text) => text.startsWith(literal)
        : atEnd
          ? (text) => text.endsWith(literal)
          : (text) => text.includes(literal);
  return ignoreCase ? (text) => test(foldText(text)) : test;
}
