// Builds apps and libs (swc), the SDK (tsdown) and its samples (their own script) to dist/; each only if its inputs changed.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { isMain, root, runNode } from './run.mjs';
import { filesUnder, fingerprint, readStamps, writeStamps } from './stamp.mjs';

const dist = join(root, 'dist');
const stampFile = join(dist, '.build-stamp');
const sources = ['apps', 'libs'];
const TEST_CODE = /\.(spec|contract)\.ts$/;
const COPIED = new Set(['.css', '.html', '.ico', '.png', '.sql', '.svg', '.webmanifest']);

const at = (...parts) => join(root, ...parts);
const tools = [
  'tools/build.mjs',
  'tools/run.mjs',
  'tools/stamp.mjs',
  'tsconfig.json',
  'package-lock.json',
].map((f) => at(f));

function swcConfig() {
  const { paths } = JSON.parse(readFileSync(at('tsconfig.json'), 'utf8')).compilerOptions;
  return {
    $schema: 'https://swc.rs/schema.json',
    exclude: ['\\.(spec|contract)\\.ts$', '\\.d\\.ts$'],
    sourceMaps: true,
    module: { type: 'es6', resolveFully: true },
    jsc: {
      target: 'es2023',
      keepClassNames: true,
      baseUrl: root, // swc wants it absolute
      paths,
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
  };
}

/** Outputs whose source is gone, in dist/apps and dist/libs. Removed after the build, not before: a server may run. */
function removeOrphans() {
  for (const file of sources.flatMap((folder) => filesUnder(join(dist, folder)))) {
    const source = at(relative(dist, file));
    const compiled = source.replace(/\.js(\.map)?$/, '.ts');
    const kept = compiled === source ? existsSync(source) : existsSync(compiled) && !TEST_CODE.test(compiled);
    if (!kept) rmSync(file);
  }
}

function buildServer(quiet) {
  const folders = sources.filter((folder) => existsSync(at(folder)));
  const files = folders.flatMap((folder) => filesUnder(at(folder)));
  mkdirSync(dist, { recursive: true });
  if (files.some((file) => file.endsWith('.ts') && !TEST_CODE.test(file))) {
    const config = join(dist, '.swcrc.json');
    writeFileSync(config, JSON.stringify(swcConfig(), null, 2));
    const swc = at('node_modules', '@swc', 'cli', 'bin', 'swc.js');
    const status = runNode([swc, ...folders, '-d', 'dist', '--config-file', config, '--quiet'], { quiet });
    if (status !== 0) throw new Error('the build of apps and libs failed');
  }
  for (const file of files.filter((file) => COPIED.has(extname(file)))) {
    const target = join(dist, relative(root, file));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(file, target);
  }
  removeOrphans();
}

function buildSdk(quiet) {
  const tsdown = at('node_modules', 'tsdown', 'dist', 'run.mjs');
  const args = [tsdown, '--config', at('sdk', 'js', 'tsdown.config.mjs'), '--logLevel', 'warn'];
  if (runNode(args, { quiet }) !== 0) throw new Error('the build of sdk/js failed');
}

const samples = at('sdk', 'samples');
const samplesOut = join(dist, 'samples');

/** A sample builds itself: its build.mjs is called with the output folder. */
function buildSample(name, quiet) {
  const out = join(samplesOut, name);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const script = join(samples, name, 'build.mjs');
  if (runNode([script, out], { quiet }) !== 0) throw new Error(`the build of sdk/samples/${name} failed`);
}

function steps() {
  const found = existsSync(samples) ? readdirSync(samples, { withFileTypes: true }) : [];
  const sdk = existsSync(at('sdk', 'js', 'src', 'index.ts'))
    ? [
        {
          name: 'sdk',
          inputs: [at('sdk', 'js'), at('libs', 'protocol'), ...tools],
          output: at('sdk', 'js', 'dist', 'index.js'),
          build: buildSdk,
        },
      ]
    : [];
  return [
    {
      name: 'server',
      inputs: [...sources.map((folder) => at(folder)), ...tools],
      output: dist,
      build: buildServer,
    },
    ...sdk,
    ...found
      .filter((entry) => existsSync(join(samples, entry.name, 'build.mjs')))
      .map(({ name }) => ({
        name: `samples/${name}`,
        inputs: [join(samples, name), at('sdk', 'js'), at('libs', 'protocol'), ...tools],
        output: join(samplesOut, name),
        build: (quiet) => buildSample(name, quiet),
      })),
  ];
}

/** Throws if a step fails. `only` names one step. `say` gets one line for each step that had to be done. */
export function ensureBuilt({ quiet = false, only, say = (line) => process.stderr.write(line + '\n') } = {}) {
  for (const { name, inputs, output, build } of steps()) {
    if (only !== undefined && name !== only) continue;
    const print = fingerprint(inputs); // before the build: an edit during it makes the next build run again
    const stamps = readStamps(stampFile);
    if (stamps[name] === print && existsSync(output)) continue;
    const started = Date.now();
    build(quiet);
    writeStamps(stampFile, { ...stamps, [name]: print });
    if (!quiet) say(`Built ${name} in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
  }
}

if (isMain(import.meta.url)) {
  try {
    ensureBuilt();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
