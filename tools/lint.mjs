// The linter and the formatter's check, both always run; `--fix` repairs what can be repaired.
import { runNode } from './run.mjs';

const fix = process.argv.includes('--fix');
const eslint = runNode([
  'node_modules/eslint/bin/eslint.js',
  '--max-warnings=0',
  ...(fix ? ['--fix'] : []),
  '.',
]);
const prettierArgs = [fix ? '--write' : '--check', '--log-level=warn', '--cache', '--cache-strategy=content'];
const cache = '--cache-location=.cache/prettier';
const prettier = runNode(['node_modules/prettier/bin/prettier.cjs', ...prettierArgs, cache, '.']);
process.exit(eslint !== 0 || prettier !== 0 ? 1 : 0);
