import { defineConfig } from 'tsdown';

const root = import.meta.dirname;
const shared = { cwd: root, target: 'es2022', sourcemap: true, tsconfig: `${root}/tsconfig.json` };

export default defineConfig([
  {
    ...shared,
    entry: { index: 'src/index.ts' },
    format: ['esm', 'cjs'],
    platform: 'neutral',
    dts: true,
    fixedExtension: false,
  },
  {
    ...shared,
    entry: { hongyan: 'src/index.ts' },
    format: ['iife'],
    globalName: 'Hongyan',
    platform: 'browser',
    minify: true,
    deps: { alwaysBundle: [/.*/] },
    clean: false,
    dts: false,
  },
]);
