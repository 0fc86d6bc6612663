// Builds the sample into the folder given as the only argument: public/ as it is, src/ as one script for browsers.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'tsdown';

const here = import.meta.dirname;
const out = process.argv[2] ?? join(here, 'dist');

/** The protocol knows WebSocket only: the client's other transports need not be carried along. */
const webSocketOnly = {
  name: 'web-socket-only',
  load: (id) =>
    /engine\.io-client[\\/]build[\\/]esm[\\/]transports[\\/]index\.js$/.test(id)
      ? `import { WS } from './websocket.js'; export const transports = { websocket: WS };`
      : undefined,
};

cpSync(join(here, 'public'), out, { recursive: true });
await build({
  config: false,
  cwd: here,
  entry: { chat: 'src/main.ts' },
  outDir: out,
  tsconfig: join(here, 'tsconfig.json'),
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  deps: { alwaysBundle: [/.*/] },
  plugins: [webSocketOnly],
  minify: true,
  sourcemap: true,
  clean: false,
  dts: false,
  logLevel: 'warn',
});

// A page that names the exact build is never mixed with the script of another one.
const version = Date.now().toString(36);
const page = readFileSync(join(out, 'index.html'), 'utf8');
writeFileSync(join(out, 'index.html'), page.replaceAll('{{version}}', version));
