import { filterCases } from './filter-cases.js';
import { describeFilter, runByEvaluation } from './filter.contract.js';

describeFilter('reference evaluator', runByEvaluation);

it('has a table worth the name', () => {
  expect(filterCases.reduce((count, { cases }) => count + cases.length, 0)).toBeGreaterThanOrEqual(200);
});
