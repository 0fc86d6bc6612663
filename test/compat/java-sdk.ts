import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fetchJars } from '../maven-jars.mjs';
import { appKey, startCompatServer } from './compat-server.js';

/** The unmodified `cn.leancloud:realtime-core` from Maven Central, and the program that tries it (leancloud-java/). */

const source = join(process.cwd(), 'test', 'compat', 'leancloud-java');
const jars = join(process.cwd(), '.cache', 'leancloud-java');

/** Has Maven fetch the SDK on the first run. Throws where there is no Maven or no way to the SDK. */
export const fetchJavaSdk = (): void =>
  fetchJars(join(source, 'pom.xml'), jars, 'needs Maven (mvn) and a JDK, 17 or newer');

/** Runs the program against a server; answers its exit status. `say`: what it prints. */
export async function runJavaSdk(say: (line: string) => void): Promise<number> {
  const server = await startCompatServer();
  try {
    const app = await server.app();
    const made = await server.rest(app, 'POST', 'api/v1/conversations', { kind: 'system', name: 'News' });
    const service = (made['conversation'] as { id: string }).id;
    const tell = (message: object) =>
      server.rest(app, 'POST', `api/v1/conversations/${service}/messages`, message);
    /** What the program cannot do itself. */
    const asked: Record<string, () => Promise<unknown>> = {
      restart: () => server.restart('SIGKILL'),
      drain: () => server.restart('SIGTERM'),
      broadcast: () => tell({ body: 'from the service' }),
      picture: () =>
        tell({
          format: 'json',
          type: 'image',
          body: JSON.stringify({ url: 'https://files.example/a.png', name: 'a.png', size: 9, width: 3 }),
        }),
    };
    // The SDK keeps files where it runs.
    const cwd = join(jars, 'device');
    rmSync(cwd, { recursive: true, force: true });
    mkdirSync(cwd);
    const child = spawn('java', ['-cp', join(jars, '*'), join(source, 'Conformance.java')], {
      cwd,
      env: { ...process.env, SERVER: server.url, APP_ID: app.id, APP_KEY: appKey, SERVICE: service },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve(status ?? 1));
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const doIt = asked[line];
      if (doIt === undefined) return say(line);
      doIt().then(
        () => child.stdin.write('\n'),
        (error: unknown) => {
          say(`${line}: ${String(error)}`);
          child.kill();
        },
      );
    });
    return await ended;
  } finally {
    await server.stop();
  }
}
