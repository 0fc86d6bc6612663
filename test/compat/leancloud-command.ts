import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { nodeFlags } from '../../tools/node-flags.mjs';
import { standInKeys } from '../leancloud-stand-in/stand-in.js';

/** `hongyan leancloud …` as a process; what it printed. Throws if it ends with another status than 0. */
export function leanCloudCommand(...args: readonly string[]): Promise<string> {
  const main = join(process.cwd(), 'dist/apps/cli/src/main.js');
  const child = spawn(process.execPath, [...nodeFlags, main, 'leancloud', ...args], {
    env: {
      ...process.env,
      LEANCLOUD_APP_ID: standInKeys.appId,
      LEANCLOUD_MASTER_KEY: standInKeys.masterKey,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-200_000)));
  return new Promise((resolve, reject) =>
    child.once('close', (status) =>
      status === 0 ? resolve(said) : reject(new Error(`${args.join(' ')}: ${status}\n${said}`)),
    ),
  );
}
