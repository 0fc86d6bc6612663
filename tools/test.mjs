// `npm test`: makes a fresh clone ready, then runs every check and test. Runs on Node 20 and newer.
// `npm test -- PATTERN [jest options]` runs only the tests whose path matches the regular expression.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { root, runNode } from './run.mjs';
import { selectTests } from './test-projects.mjs';
import { skippedTests } from './test-report.mjs';
import { ensureTestTools } from './test-tools.mjs';

const args = process.argv.slice(2);
if (args[0] === '--help') {
  process.stdout.write('Usage: npm test [-- [PATTERN...] [jest options]]\n');
  process.exit(0);
}
const firstOption = args.findIndex((arg) => arg.startsWith('-'));
const filters = firstOption === -1 ? args : args.slice(0, firstOption);
const jestOptions = firstOption === -1 ? [] : args.slice(firstOption);
const filtered = args.length > 0;

const say = (line) => process.stdout.write(line + '\n');
const failures = [];
const total = { passed: 0, failed: 0, skipped: [] };

/** Runs one step, says how long it took, and notes it as failed if it throws. */
function step(name, work) {
  say(`\n== ${name}`);
  const started = Date.now();
  let outcome = 'ok';
  try {
    work();
  } catch (error) {
    outcome = 'FAILED';
    failures.push(name);
    say(`${name}: ${error.message}`);
  }
  say(`-- ${name}: ${outcome}, ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return outcome === 'ok';
}

function runScript(script) {
  const status = runNode([script]);
  if (status !== 0) throw new Error(`exit status ${status}`);
}

/** Runs the projects in one jest and adds its figures to the total. A file that could not run counts as one failure. */
function runJest(projects, selection, options) {
  const report = join(root, '.cache', `jest-${projects.join('-')}.json`);
  mkdirSync(join(root, '.cache'), { recursive: true });
  rmSync(report, { force: true });
  const files = filtered ? ['--runTestsByPath', ...projects.flatMap((project) => selection[project])] : [];
  const status = runNode([
    ...['--import', pathToFileURL(join(root, 'tools', 'register-ts.mjs')).href], // for worker threads
    'node_modules/jest/bin/jest.js',
    ...['--selectProjects', ...projects],
    ...['--json', `--outputFile=${report}`, '--reporters=default'],
    ...options,
    ...jestOptions,
    ...files,
  ]);
  const result = JSON.parse(readFileSync(report, 'utf8'));
  total.passed += result.numPassedTests;
  total.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  total.skipped.push(...skippedTests(result));
  if (status !== 0) throw new Error(`exit status ${status}`);
}

function runEverything() {
  const ready = step('install', () => ensureInstalled({ say })) && step('build', () => ensureBuilt({ say }));
  if (!ready) return;
  const selection = selectTests(filters.map((filter) => `(?:${filter})`).join('|'));
  const has = (project) => selection[project].length > 0;
  if (!Object.keys(selection).some(has)) {
    step('selection', () => {
      throw new Error(filtered ? `no test file matches ${filters.join(' ')}` : 'there are no test files');
    });
    return;
  }
  if (!step('tools', () => ensureTestTools(selection, say))) return;
  if (!filtered) {
    step('typecheck', () => runScript('tools/typecheck.mjs'));
    step('lint', () => runScript('tools/lint.mjs'));
    step('check:deps', () => runScript('tools/check-deps.mjs'));
  }
  const inProcess = ['unit', 'int'].filter(has);
  if (inProcess.length > 0) step(inProcess.join(' + '), () => runJest(inProcess, selection, []));
  // These start servers of their own, which would starve each other: one after another.
  const withServers = ['e2e', 'compat', 'browser'].filter(has);
  if (withServers.length > 0)
    step(withServers.join(' + '), () => runJest(withServers, selection, ['--runInBand']));
  if (total.passed + total.failed === 0) failures.push('no test ran');
}

runEverything();
say('');
// Their names say why. With jest's -t everything else is skipped, too: then the number is enough.
const byName = jestOptions.some((option) => /^(-t|--testNamePattern)/.test(option));
if (!byName) for (const name of total.skipped) say(`skipped: ${name}`);
if (total.skipped.length > 0) say(`${total.skipped.length} skipped`);
if (failures.length > 0) say(`Failed: ${failures.join(', ')}`);
say(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
