import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fetchJars } from '../maven-jars.mjs';
import { appKey, startCompatServer } from './compat-server.js';

/**
 * `npm run conformance:leancloud-java`: the unmodified `cn.leancloud:realtime-core` from Maven Central against a server of
 * this build. Needs a JDK (17 or newer) and Maven, which fetches the SDK on the first run: it is not part of `npm test`.
 */
const source = join(process.cwd(), 'test', 'compat', 'leancloud-java');
const jars = join(process.cwd(), '.cache', 'leancloud-java');

async function main(): Promise<number> {
  fetchJars(join(source, 'pom.xml'), jars, 'needs Maven (mvn) and a JDK');
  const server = await startCompatServer();
  try {
    const app = await server.app();
    const made = await server.rest(app, 'POST', 'api/v1/conversations', { kind: 'system', name: 'News' });
    const service = (made['conversation'] as { id: string }).id;
    const env = {
      ...process.env,
      SERVER: server.url,
      APP_ID: app.id,
      APP_KEY: appKey,
      SERVICE: service,
    };
    // The SDK keeps files where it runs.
    const cwd = join(jars, 'device');
    rmSync(cwd, { recursive: true, force: true });
    mkdirSync(cwd);
    const child = spawn('java', ['-cp', join(jars, '*'), join(source, 'Conformance.java')], {
      cwd,
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve(status ?? 1));
    });
    /** What the program cannot do itself. */
    const asked: Record<string, () => Promise<unknown>> = {
      restart: () => server.restart('SIGKILL'),
      drain: () => server.restart('SIGTERM'),
      broadcast: () =>
        server.rest(app, 'POST', `api/v1/conversations/${service}/messages`, {
          body: 'from the service',
        }),
      picture: () =>
        server.rest(app, 'POST', `api/v1/conversations/${service}/messages`, {
          format: 'json',
          type: 'image',
          body: JSON.stringify({ url: 'https://files.example/a.png', name: 'a.png', size: 9, width: 3 }),
        }),
    };
    createInterface({ input: child.stdout }).on('line', (line) => {
      const doIt = asked[line];
      if (doIt === undefined) process.stdout.write(`${line}\n`);
      else
        doIt().then(
          () => child.stdin.write('\n'),
          (error: unknown) => {
            process.stderr.write(`${line}: ${String(error)}\n`);
            child.kill();
          },
        );
    });
    return await ended;
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
