import { maxNesting, nestsDeeper } from './nesting.js';

const nested = (depth: number) => JSON.parse('{"a":['.repeat(depth / 2) + ']}'.repeat(depth / 2)) as unknown;

it('tells how deep JSON is nested, however deep', () => {
  expect(nestsDeeper(nested(maxNesting))).toBe(false);
  expect(nestsDeeper(nested(maxNesting + 2))).toBe(true);
  expect(nestsDeeper(nested(1_000_000))).toBe(true);
  for (const flat of [undefined, null, 'x', 1, [], {}, [1, [null]]]) expect(nestsDeeper(flat, 2)).toBe(false);
  expect(nestsDeeper([1, [[]]], 2)).toBe(true);
});
