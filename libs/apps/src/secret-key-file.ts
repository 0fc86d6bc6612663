import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { SecretKeyError, newSecretKey, parseSecretKey } from './secrets.js';

/**
 * The key in `file`, made when there is none (readable by the owner only). Concurrent first starts end up with one
 * key: the file appears whole, by a link.
 */
export function secretKeyFromFile(file: string): Buffer {
  try {
    return read(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, `${newSecretKey()}\n`, { mode: 0o600, flush: true });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read(file);
}

function read(file: string): Buffer {
  const text = readFileSync(file, 'utf8');
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new SecretKeyError(`${file} can be read by others: chmod 600 it`);
  }
  return parseSecretKey(text, file);
}
