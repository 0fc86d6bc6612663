// Checks the directions of imports (.dependency-cruiser.cjs), and that the check has read every file it should.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { nodeBinary, outputOf, root } from './run.mjs';
import { filesUnder } from './stamp.mjs';

const CHECKED = ['apps', 'libs', 'sdk/js/src'];
const SPEC = /\.spec\.ts$/;

/** What git would commit, so that a folder nobody visits is noticed; without git, what is on disk. */
function expectedFiles() {
  const tracked = outputOf('git', [
    'ls-files',
    '--cached',
    '--others',
    '--exclude-standard',
    '--',
    ...CHECKED,
  ])?.split('\n');
  const files =
    tracked ??
    CHECKED.flatMap((folder) => filesUnder(join(root, folder)).map((file) => relative(root, file)));
  return files.filter((file) => file.endsWith('.ts') && !SPEC.test(file) && existsSync(join(root, file)));
}

function cruise() {
  const folders = [...CHECKED, 'test'].filter((folder) => existsSync(join(root, folder)));
  const depcruise = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');
  const args = [depcruise, ...folders, '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  const { stdout, stderr } = spawnSync(nodeBinary(), args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`dependency-cruiser did not answer: ${stderr || stdout}`);
  }
}

ensureBuilt({ only: 'sdk' }); // others import it by its built files
const { modules, summary } = cruise();
const visited = new Set(modules.map((module) => module.source));
const expected = expectedFiles();
const unread = expected.filter((file) => !visited.has(file));
const errors = summary.violations.filter((violation) => violation.rule.severity === 'error');

for (const { rule, from, to, cycle } of errors) {
  const path = cycle ? [from, ...cycle.map((step) => step.name ?? step)].join(' -> ') : `${from} -> ${to}`;
  process.stdout.write(`${rule.name}: ${path}\n`);
}
for (const file of unread) process.stdout.write(`not read by the check: ${file}\n`);
process.stdout.write(
  `${expected.length - unread.length} of ${expected.length} files read, ${errors.length} violations\n`,
);
if (expected.length === 0) process.stdout.write('there is nothing to check, which cannot be right\n');
process.exitCode = errors.length > 0 || unread.length > 0 || expected.length === 0 ? 1 : 0;
