import { LRUCache } from 'lru-cache';
import { RE2JS, RE2JSException } from 're2js';
import { bounds, invalid, shown, tooComplex } from './fields.js';
import type { LinearPattern } from './types.js';

/**
 * Patterns that run in time linear in the text, whatever they are: RE2's language. Without flag `m`, `^` and `$` are the
 * ends of the text only. A character of the text may cost as many steps as the pattern has when its repetitions are
 * written out: that is bounded, too.
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

/** True when the pattern is found anywhere in the text. */
export const matchesPattern = (pattern: LinearPattern, text: string): boolean =>
  programOf(pattern).test(text);

/** By size, as a program remembers states while it runs: about 20 KB for each of its steps at worst. */
const programs = new LRUCache<string, RE2JS>({
  maxSize: 5 * bounds.patternSteps,
  sizeCalculation: (program) => program.programSize(),
});

function programOf({ source, ignoreCase, multiline }: LinearPattern): RE2JS {
  const flags = (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (multiline ? RE2JS.MULTILINE : 0);
  const key = `${flags}/${source}`;
  let program = programs.get(key);
  if (program === undefined) programs.set(key, (program = compile(source, flags)));
  return program;
}

function compile(source: string, flags: number): RE2JS {
  let program: RE2JS;
  try {
    program = RE2JS.compile(source, flags);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw invalid(`a pattern: ${error.message.replace('error parsing regexp: ', '')}`);
  }
  if (program.programSize() > bounds.patternSteps)
    throw tooComplex(`a pattern has more than ${bounds.patternSteps} steps`);
  return program;
}
