import type { JsonObject } from '@hongyan/protocol';
import type { FilterDocument } from './evaluate.js';

/**
 * What filters mean, by example: every engine answers each of these as written here. `expected` has ids in order;
 * without a sort, in order of the ids.
 */
export interface FilterCases {
  readonly title: string;
  readonly documents: readonly FilterDocument[];
  /** A `where`, the ids it finds (divided by blanks), and perhaps a sort. */
  readonly cases: readonly (readonly [where: unknown, expected: string, sort?: string])[];
}

/** A document of the table: an id, attributes, and what else differs from the least there can be. */
export function sample(
  id: string,
  attributes: JsonObject = {},
  rest: Partial<FilterDocument> = {},
): FilterDocument {
  return {
    id, attributes, kind: 'ordinary', unique: false, frozen: false, createdAt: 1_700_000_000_000,
    updatedAt: 1_700_000_000_000, members: ['ann'], ...rest,
  }; // prettier-ignore
}
