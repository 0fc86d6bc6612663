import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordFolderName, type Uses, usesFile } from './exercise.js';
import { pageOf, needless, rowsOf, unexplained } from './sdk-page.js';
import { publicMembers, type SdkVersion } from './sdk-surface.js';

/** `npm run docs:leancloud-sdk`: runs the scenarios, then writes what they used and the page. */

const ownFolder = join(process.cwd(), 'test', 'compat');
const page = join(process.cwd(), 'docs', 'leancloud', 'sdk.md');

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'hongyan-compat-uses-'));
  try {
    const files = readdirSync(ownFolder)
      .filter((file) => file.endsWith('.e2e.ts'))
      .filter((file) => /watchScenarios|describeSdk/.test(readFileSync(join(ownFolder, file), 'utf8')));
    const args = ['run', '--silent', 'jest', '--', '--selectProjects', 'compat', '--runInBand'];
    args.push('--runTestsByPath', ...files.map((file) => join(ownFolder, file)));
    const env = { ...process.env, [recordFolderName]: folder };
    const { status } = spawnSync('npm', args, { stdio: ['ignore', 'inherit', 'inherit'], env });
    if (status !== 0) throw new Error('scenarios failed: the page stays as it is');
    const uses = merged(
      readdirSync(folder)
        .sort()
        .map((file) => join(folder, file)),
    );
    writeFileSync(usesFile, `${JSON.stringify(uses, null, 2)}\n`);
    writeFileSync(page, pageOf(uses));
    const rows = rowsOf(uses);
    for (const member of unexplained(rows)) process.stderr.write(`neither used nor explained: ${member}\n`);
    for (const member of needless(rows)) process.stderr.write(`explained without need: ${member}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Only what is public: scenarios also use what the SDK inherits from others. */
function merged(files: readonly string[]): Uses {
  const all: Record<string, Record<string, string[]>> = {};
  for (const file of files)
    for (const [version, scenarios] of Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Uses)) {
      const known = new Set(publicMembers(Number(version) as SdkVersion));
      for (const [scenario, members] of Object.entries(scenarios))
        (all[version] ??= {})[scenario] = members.filter((member) => known.has(member));
    }
  return all;
}

main();
