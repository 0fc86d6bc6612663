// What jest's report says beside its figures.
import { relative } from 'node:path';
import { root } from './run.mjs';

/** The tests that did not run, each as `file: full name`. */
export function skippedTests({ testResults }) {
  return testResults.flatMap(({ name: file, assertionResults }) =>
    assertionResults
      .filter(({ status }) => ['pending', 'skipped', 'todo', 'disabled'].includes(status))
      .map(({ fullName }) => `${relative(root, file)}: ${fullName}`),
  );
}
