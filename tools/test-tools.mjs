// Programs that some tests need beside Node: found, or installed from the distribution, or named in an error.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { outputOf, run } from './run.mjs';
import { testProjects } from './test-projects.mjs';

const onPath = (name) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));

/** The Java major version in the output of `java -version`, or 0. */
export function javaMajor(output) {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(output ?? '') ?? [];
  if (first === undefined) return 0;
  return first === '1' ? Number(second) : Number(first);
}

// The test server of the mongo adapters is one Java source file, which only a JDK can run.
const hasJdk = () =>
  javaMajor(outputOf('java', ['-version'])) >= 17 &&
  /jdk\.compiler/.test(outputOf('java', ['--list-modules']) ?? '');
const hasMongo = () => Boolean(process.env.MONGODB_URI) || onPath('mongod');

const tools = {
  jdk: {
    label: 'Java 17 or newer (a JDK)',
    packages: ['default-jdk-headless'],
    isThere: () => hasMongo() || hasJdk(),
  },
  maven: { label: 'Maven (mvn)', packages: ['maven'], isThere: () => hasMongo() || onPath('mvn') },
  openssl: { label: 'OpenSSL (openssl)', packages: ['openssl'], isThere: () => onPath('openssl') },
  chromium: {
    label: 'Chromium',
    packages: ['chromium'],
    isThere: () => Boolean(process.env.CHROMIUM_PATH) || onPath('chromium'),
  },
};

/** Throws an error that names what is missing and cannot be installed. `selection` is what `selectTests` answers. */
export function ensureTestTools(selection, say) {
  const projects = Object.keys(selection).filter((project) => selection[project].length > 0);
  const needed = [...new Set(projects.flatMap((project) => testProjects[project].tools))];
  const missing = needed.filter((name) => !tools[name].isThere());
  if (missing.length === 0) return;
  const labels = missing.map((name) => tools[name].label).join(', ');
  const packages = missing.flatMap((name) => tools[name].packages);
  if (process.getuid?.() !== 0 || !onPath('apt-get'))
    throw new Error(
      `the selected tests need ${labels}: install it (Debian: apt-get install ${packages.join(' ')})`,
    );
  say(`Installing ${labels} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const installed =
    run('apt-get', ['update', '-qq'], { quiet: true, env }) === 0 &&
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { quiet: true, env }) ===
      0;
  const still = missing.filter((name) => !tools[name].isThere()).map((name) => tools[name].label);
  if (!installed || still.length > 0) throw new Error(`could not install ${still.join(', ') || labels}`);
}
