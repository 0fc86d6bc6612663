// Prints docs/reference/errors.md from the error table.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { errorsPage } from './errors-page.mjs';
import { root } from './run.mjs';

ensureBuilt({ only: 'server' });
const { errorTable } = await import(join(root, 'dist', 'libs', 'protocol', 'src', 'index.js'));
mkdirSync(join(root, 'docs', 'reference'), { recursive: true });
writeFileSync(join(root, 'docs', 'reference', 'errors.md'), errorsPage(errorTable));
