// `npm start`: makes a fresh clone ready (install, build), then serves until Ctrl-C. Runs on Node 20 and newer.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { nodeFlags } from './node-flags.mjs';
import { become, nodeBinary, root } from './run.mjs';

const main = join(root, 'dist', 'apps', 'cli', 'src', 'main.js');
const say = (line) => process.stdout.write(line + '\n');

try {
  ensureInstalled({ say });
  ensureBuilt({ say });
  if (!existsSync(main)) throw new Error('there is no apps/cli/src/main.ts to start');
} catch (error) {
  process.stderr.write(`npm start: ${error.message}\n`);
  process.exit(1);
}
become(nodeBinary(), [...nodeFlags, main, 'start', ...process.argv.slice(2)]);
