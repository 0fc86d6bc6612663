// The linter and the formatter's check, both always run; `--fix` repairs what can be repaired.
import { runNode } from './run.mjs';

const args = process.argv.slice(2);
if (args.includes('--help')) {
  process.stdout.write('Usage: npm run lint -- [--fix]\n');
  process.exit(0);
}
const unknown = args.find((arg) => arg !== '--fix');
if (unknown !== undefined) {
  process.stderr.write(`lint: there is no ${unknown}; there is --fix\n`);
  process.exit(2);
}
const fix = args.includes('--fix');
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
