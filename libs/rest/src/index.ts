export { type Problem, problemOf, problemSchema } from './problem.js';
export { type OtherAnswer, ProblemFilter, type ReportError } from './nest-problem-filter.js';
export {
  type JsonSchema,
  type Query,
  decodeQuery,
  inputSchemaOf,
  parseInput,
  queryParameters,
} from './parse-input.js';
export { TokenBuckets } from './token-bucket.js';
