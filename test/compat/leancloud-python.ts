import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { appKey, masterKey, startCompatServer } from './compat-server.js';

/**
 * `npm run conformance:leancloud-python`: the unmodified `leancloud` package from PyPI against a server of this build (or the
 * one of HONGYAN_COMPAT_URL). Needs python3 with venv, and PyPI for the first run: it is not part of `npm test`, whose machine
 * need not have either.
 */
const version = '3.0.2';
const folder = join(process.cwd(), '.cache', 'leancloud-python');
const python = join(folder, 'bin', 'python');

function must(command: string, args: readonly string[], what: string): void {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(`${what}: ${error?.message ?? stderr.trim()}`);
}

function prepare(): void {
  if (!existsSync(python))
    must('python3', ['-m', 'venv', folder], 'needs python3 and its venv (apt install python3-venv)');
  const has = spawnSync(python, ['-c', `import leancloud; assert leancloud.__version__ == '${version}'`]);
  if (has.status === 0) return;
  must(
    python,
    ['-m', 'pip', 'install', '--quiet', `leancloud==${version}`],
    `needs the package leancloud ${version} from PyPI`,
  );
}

async function main(): Promise<number> {
  prepare();
  const server = await startCompatServer();
  try {
    const app = await server.app();
    const env = {
      ...process.env,
      LEANCLOUD_API_SERVER: server.url,
      APP_ID: app.id,
      APP_KEY: appKey,
      MASTER_KEY: masterKey,
    };
    const script = join(process.cwd(), 'test', 'compat', 'leancloud_python.py');
    return spawnSync(python, [script], { env, stdio: 'inherit' }).status ?? 1;
  } finally {
    await server.stop();
  }
}

main().then(
  (status) => (process.exitCode = status),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
