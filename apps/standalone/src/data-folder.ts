import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { secretKeyFromFile } from '@hongyan/apps';
import { StartError } from './start-error.js';

/** How other programs of this machine find the server that holds a folder. */
export interface ServerFile {
  readonly url: string;
  readonly pid: number;
  /** Of one run: `/health/live` answers the same. */
  readonly instance: string;
  /** Of a server that speaks TLS: the file with its certificate. */
  readonly certificate?: string;
}

const SERVER_FILE = 'server.json';
const TOKEN_FILE = 'operator.token';
export const KEY_FILE = 'secret.key';
const OWNER_ONLY = 0o600;

/** The folder in which an installation lives. Secrets in it are readable by the owner only. */
export class DataFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes it when it is missing; throws {@link StartError} when it cannot be written. */
  static prepare(path: string): DataFolder {
    const absolute = resolve(path);
    try {
      makeFolder(absolute);
      accessSync(absolute, constants.R_OK | constants.W_OK | constants.X_OK);
      const probe = join(absolute, `.probe-${process.pid}`);
      writeFileSync(probe, '');
      rmSync(probe);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new StartError(`the data folder ${absolute} cannot be written (${code ?? String(cause)})`, {
        cause,
      });
    }
    return new DataFolder(absolute);
  }

  /** Without making anything. */
  static at(path: string): DataFolder {
    return new DataFolder(resolve(path));
  }

  secretKey(): Buffer {
    return secretKeyFromFile(join(this.path, KEY_FILE));
  }

  /** The operator token, made when there is none. */
  operatorToken(): string {
    const file = join(this.path, TOKEN_FILE);
    const token = this.readToken();
    if (token !== undefined) return token;
    const made = randomBytes(24).toString('base64url');
    writeFileSync(file, `${made}\n`, { mode: OWNER_ONLY, flush: true });
    return made;
  }

  readToken(): string | undefined {
    return readText(join(this.path, TOKEN_FILE))?.trim() || undefined;
  }

  writeServer(server: ServerFile): void {
    const file = join(this.path, SERVER_FILE);
    rmSync(file, { force: true });
    writeFileSync(file, `${JSON.stringify(server)}\n`, { mode: OWNER_ONLY });
  }

  readServer(): ServerFile | undefined {
    const text = readText(join(this.path, SERVER_FILE));
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as ServerFile;
    } catch {
      return undefined;
    }
  }

  /** Only its own: after a crash another server may have written the file meanwhile. */
  removeServer(instance: string): void {
    if (this.readServer()?.instance === instance) rmSync(join(this.path, SERVER_FILE), { force: true });
  }
}

/** One by one: Node's own recursive way does not end where a file system refuses oddly, as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
