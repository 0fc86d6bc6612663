import { evaluate } from './evaluate.js';
import type { FilterDocument } from './evaluate.js';
import { filterCases } from './filter-cases.js';
import { parseFilter } from './parse-filter.js';
import { parseSort } from './parse-sort.js';
import { compareDocuments } from './sort.js';
import type { Filter, SortKey } from './types.js';

/** Answers the ids of the documents that match, sorted. The documents are given anew with each call. */
export type RunFilter = (
  documents: readonly FilterDocument[],
  filter: Filter,
  sort: readonly SortKey[],
) => Promise<string[]>;

/** The reference: what a filter finds, by {@link evaluate}. */
export const runByEvaluation: RunFilter = (documents, filter, sort) => {
  const found = documents.filter((document) => evaluate(filter, document)).sort(compareDocuments(sort));
  return Promise.resolve(found.map(({ id }) => id));
};

/** Holds an engine to the table of cases. */
export function describeFilter(name: string, run: RunFilter): void {
  describe(`filters: ${name}`, () => {
    for (const { title, documents, cases } of filterCases) {
      describe(title, () => {
        it.each(
          cases.map(([where, expected, sort = '']) => ({
            where,
            expected,
            sort,
            text: JSON.stringify(where),
          })),
        )('$text $sort', async ({ where, expected, sort }) => {
          const found = await run([...documents].reverse(), parseFilter(where), parseSort(sort));
          expect(found.join(' ')).toBe(expected);
        });
      });
    }
  });
}
