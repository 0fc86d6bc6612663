#!/usr/bin/env node
// The command line `hongyan`. Standard output belongs to the command (it may be JSON): we write to standard error only.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { nodeFlags } from './node-flags.mjs';
import { become, nodeBinary, root } from './run.mjs';

const main = join(root, 'dist', 'apps', 'cli', 'src', 'main.js');

try {
  ensureInstalled({ quiet: true });
  ensureBuilt({ quiet: true });
  if (!existsSync(main)) throw new Error('there is no apps/cli/src/main.ts to run');
} catch (error) {
  process.stderr.write(`hongyan: ${error.message}\n`);
  process.exit(1);
}
become(nodeBinary(), [...nodeFlags, main, ...process.argv.slice(2)]);
