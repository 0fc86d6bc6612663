// Prints docs/reference/configuration.md from the configuration's schema.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { root } from './run.mjs';

ensureBuilt({ only: 'server' });
const { configurationReference } = await import(join(root, 'dist', 'libs', 'config', 'src', 'index.js'));
mkdirSync(join(root, 'docs', 'reference'), { recursive: true });
writeFileSync(join(root, 'docs', 'reference', 'configuration.md'), configurationReference());
