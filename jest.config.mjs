import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { foldersOf, testProjects } from './tools/test-projects.mjs';

const rootDir = import.meta.dirname;
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** Names of the installed packages, nested ones too, that are ES modules: jest runs CommonJS, so swc compiles them. */
function esModulePackages(modules = join(rootDir, 'node_modules'), found = new Set()) {
  const folders = readdirSync(modules, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders) {
    if (name.startsWith('@')) {
      for (const scoped of readdirSync(join(modules, name))) inspect(`${name}/${scoped}`);
    } else if (!name.startsWith('.')) inspect(name);
  }
  return found;

  function inspect(name) {
    try {
      if (JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')).type === 'module')
        found.add(name);
    } catch {
      return; // not a package
    }
    try {
      esModulePackages(join(modules, name, 'node_modules'), found);
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }
}

const swc = (typescript) => [
  '@swc/jest',
  {
    swcrc: false,
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
    jsc: {
      target: 'es2023',
      keepClassNames: true,
      parser: typescript ? { syntax: 'typescript', decorators: true } : { syntax: 'ecmascript' },
      transform: typescript ? { legacyDecorator: true, decoratorMetadata: true } : {},
    },
  },
];

const esm = [...esModulePackages()].map(escaped).join('|');

const project = (name) => ({
  displayName: name,
  rootDir,
  roots: foldersOf(name).map((folder) => `<rootDir>/${folder}`),
  testRegex: [testProjects[name].pattern],
  testEnvironment: 'node',
  moduleFileExtensions: ['js', 'ts', 'mjs', 'cjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/sdk/js/dist/'],
  transform: { '^.+\\.ts$': swc(true), '^.+\\.m?js$': swc(false) },
  transformIgnorePatterns: [`/node_modules/(?!(?:.*/node_modules/)?(?:${esm})/)`],
  moduleNameMapper: {
    '^@hongyan/sdk$': '<rootDir>/sdk/js/src/index.ts',
    '^@hongyan/([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
});

/** Projects whose tests share a server that is started once per run. */
const servers = {
  int: {
    globalSetup: join(rootDir, 'test/mongo-server/global-setup.mjs'),
    globalTeardown: join(rootDir, 'test/mongo-server/global-teardown.mjs'),
  },
};

const testTimeouts = { int: 30_000, e2e: 60_000, compat: 60_000, browser: 60_000 };

export default {
  passWithNoTests: true, // of one project; `npm test` fails if no test ran at all
  coverageProvider: 'babel',
  projects: Object.keys(testProjects)
    .filter((name) => foldersOf(name).length > 0)
    .map((name) => ({
      ...project(name),
      ...servers[name],
      globals: { projectTimeout: testTimeouts[name] ?? 5_000 },
      setupFilesAfterEnv: ['<rootDir>/test/set-timeout.mjs'],
    })),
};
