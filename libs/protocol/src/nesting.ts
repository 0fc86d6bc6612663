/** JSON nested deeper than this is refused unread. */
export const maxNesting = 64;

/**
 * True when arrays and objects lie in each other more than `levels` deep. To be asked before a schema is: schemas go as
 * deep as the value does, and what zod keeps of a parse that overflowed the stack is never let go of.
 */
export function nestsDeeper(value: unknown, levels = maxNesting): boolean {
  let level = [value].filter(isContainer);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > levels) return true;
    level = level.flatMap((container) => Object.values(container).filter(isContainer));
  }
  return false;
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;
