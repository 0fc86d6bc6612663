// `npm run bench`, `bench:growth`, `chaos`: makes a fresh clone ready, quietly, then runs a program of this
// folder or of its neighbours. Standard output belongs to the program: it may be JSON.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from '../../tools/build.mjs';
import { ensureInstalled } from '../../tools/install.mjs';
import { become, nodeBinary, root } from '../../tools/run.mjs';

const [program, ...args] = process.argv.slice(2);

try {
  ensureInstalled({ quiet: true });
  ensureBuilt({ quiet: true });
} catch (error) {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exit(1);
}
const preload = pathToFileURL(join(root, 'tools', 'register-ts.mjs')).href;
become(nodeBinary(), ['--import', preload, join(root, 'test', program), ...args]);
