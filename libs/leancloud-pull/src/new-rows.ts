import type { DiskSet } from '@hongyan/disk-set';
import type { Row } from './types.js';

/** The rows that are not among those that are stored, or are there with other content. */
export const newRows = <R extends Row>(stored: DiskSet, rows: readonly R[]): readonly R[] =>
  stored.size === 0 ? rows : rows.filter((row) => !stored.has(JSON.stringify(row)));
