// Prints the table of endpoints in docs/leancloud/rest.md from the table of routes.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { root } from './run.mjs';

ensureBuilt({ only: 'server' });
const table = join(root, 'dist', 'apps', 'conversation', 'src', 'leancloud', 'endpoint-table.js');
const { withEndpointTable } = await import(table);
const page = join(root, 'docs', 'leancloud', 'rest.md');
writeFileSync(page, withEndpointTable(readFileSync(page, 'utf8')));
