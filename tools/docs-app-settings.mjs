// Prints docs/reference/app-settings.md from the schema of apps' settings.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { root } from './run.mjs';

ensureBuilt({ only: 'server' });
const { appSettingsReference } = await import(join(root, 'dist', 'libs', 'apps', 'src', 'index.js'));
mkdirSync(join(root, 'docs', 'reference'), { recursive: true });
writeFileSync(join(root, 'docs', 'reference', 'app-settings.md'), appSettingsReference());
