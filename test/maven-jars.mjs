import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Has Maven put the jars that a pom names into a folder, once per version of the pom.
 *
 * @param {string} pom
 * @param {string} folder
 * @param {string} needs what to say where there is no Maven
 */
export function fetchJars(pom, folder, needs) {
  const stamp = join(folder, 'pom.xml');
  const wanted = readFileSync(pom, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`];
  const result = spawnSync('mvn', ['-q', '-B', '-f', pom, ...goal], { encoding: 'utf8' });
  if (result.error?.code === 'ENOENT') throw new Error(needs);
  if (result.error || result.status !== 0)
    throw new Error(
      `Maven could not fetch what ${pom} names: ${result.error?.message ?? result.stdout + result.stderr}`,
    );
  writeFileSync(stamp, wanted);
}
