import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'tsdown';

const root = import.meta.dirname;

/** The bundled declarations take the protocol's types, but not its schemas: see src/operation-types.ts. */
const withoutSchemas = {
  name: 'without-schemas',
  load: (id) =>
    /libs[\\/]protocol[\\/]src[\\/]operations\.d\.ts$/.test(id)
      ? readFileSync(join(root, 'src', 'operation-types.ts'), 'utf8').replace(
          '@hongyan/protocol',
          './results.js',
        )
      : undefined,
};

/** The protocol knows WebSocket only: the other transports need not be carried along. */
const webSocketOnly = {
  name: 'web-socket-only',
  load: (id) =>
    /engine\.io-client[\\/]build[\\/]esm[\\/]transports[\\/]index\.js$/.test(id)
      ? `import { WS } from './websocket.js'; export const transports = { websocket: WS };`
      : undefined,
};

const shared = {
  cwd: root,
  target: 'es2022',
  sourcemap: true,
  tsconfig: `${root}/tsconfig.json`,
  inputOptions: (options) => ({
    ...options,
    // How long plugins take says nothing to whoever builds the server for the first time.
    checks: { ...options.checks, bundlerTimings: false },
    plugins: [withoutSchemas, options.plugins],
  }),
};

export default defineConfig([
  {
    ...shared,
    entry: { index: 'src/index.ts', file: 'src/storage-file.ts' },
    format: ['esm', 'cjs'],
    platform: 'neutral',
    dts: true,
    fixedExtension: false,
    deps: { neverBundle: [/^node:/] },
  },
  {
    ...shared,
    entry: { hongyan: 'src/index.ts' },
    format: ['iife'],
    globalName: 'Hongyan',
    platform: 'browser',
    minify: true,
    deps: { alwaysBundle: [/.*/] },
    plugins: [webSocketOnly],
    clean: false,
    dts: false,
  },
]);
