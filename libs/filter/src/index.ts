export * from './types.js';
export { bounds, columns, isColumn } from './fields.js';
export type { ColumnName, FilterOptions } from './fields.js';
export { parseFilter } from './parse-filter.js';
export { parseSort } from './parse-sort.js';
export { compilePattern, matchesPattern } from './regex.js';
export { evaluate, isArrayIndex } from './evaluate.js';
export type { FilterDocument } from './evaluate.js';
export { ranks } from './compare.js';
