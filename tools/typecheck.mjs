// Type-checks the programs: server (apps, libs), tests, SDK, its conformance suite, its sample. Each is skipped only while it has no file.
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { root, runNode } from './run.mjs';
import { filesUnder } from './stamp.mjs';

const programs = [
  { config: 'tsconfig.json', folders: ['apps', 'libs'] },
  { config: 'test/tsconfig.json', folders: ['test'] },
  { config: 'sdk/js/tsconfig.json', folders: ['sdk/js/src'] },
  { config: 'sdk/conformance/tsconfig.json', folders: ['sdk/conformance'] },
  { config: 'sdk/samples/chat/tsconfig.json', folders: ['sdk/samples/chat/src'] },
];

ensureBuilt({ only: 'sdk' }); // apps see the SDK as its users do: by its published types
let failed = false;
for (const { config, folders } of programs) {
  if (!folders.some((folder) => filesUnder(join(root, folder)).some((file) => file.endsWith('.ts'))))
    continue;
  if (runNode(['node_modules/typescript7/bin/tsc', '--noEmit', '-p', config]) !== 0) failed = true;
}
process.exit(failed ? 1 : 0);
