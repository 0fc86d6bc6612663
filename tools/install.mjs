// Installs the dependencies when they are not there or not those of package-lock.json.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { root, run } from './run.mjs';
import { contentHash, readStamps, writeStamps } from './stamp.mjs';

const lockFile = join(root, 'package-lock.json');
const stampFile = join(root, 'node_modules', '.hongyan-install-stamp');

/**
 * True if what npm last installed (`installed`, npm's own record in node_modules) is what `lock` asks for. npm leaves
 * out optional packages that do not fit this machine, so those may be absent.
 */
export function satisfiesLock(installed, lock) {
  const wanted = Object.entries(lock.packages).filter(([path]) => path.startsWith('node_modules/'));
  const have = installed.packages;
  const wantedPaths = new Set(wanted.map(([path]) => path));
  const complete = wanted.every(([path, entry]) => {
    const found = have[path];
    if (found === undefined) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version && isDeepStrictEqual(found.integrity, entry.integrity);
  });
  const extra = Object.keys(have).some((path) => path.startsWith('node_modules/') && !wantedPaths.has(path));
  return complete && !extra;
}

function installedByNpm() {
  try {
    const installed = JSON.parse(readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8'));
    return satisfiesLock(installed, JSON.parse(readFileSync(lockFile, 'utf8')));
  } catch {
    return false; // no node_modules, or not one that npm finished
  }
}

/** Throws if the installation fails. `say` gets one line of progress at a time. */
export function ensureInstalled({ quiet = false, say = (line) => process.stderr.write(line + '\n') } = {}) {
  const lock = contentHash(lockFile);
  if (readStamps(stampFile).lock === lock) return;
  if (!installedByNpm()) {
    say('Installing the dependencies (once; about a minute) ...');
    const started = Date.now();
    // npm runs on the host's Node here and would warn about every package that wants a newer one.
    const status = run('npm', ['ci', '--include=dev', '--loglevel=error', '--no-audit', '--no-fund'], {
      quiet,
    });
    if (status !== 0) throw new Error(`npm ci failed with exit status ${status}`);
    say(`Dependencies installed in ${Math.round((Date.now() - started) / 1000)} s.`);
  }
  writeStamps(stampFile, { lock });
}
