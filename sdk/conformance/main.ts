// npm run conformance -- --help
import { parseArgs } from 'node:util';
import { runConformance } from './index.js';

const usage = `usage: npm run conformance -- --url URL --app ID --master-key KEY [--only REGEXP]

  --url URL          the server, like http://127.0.0.1:7788
  --app ID           an app that demands signed logins and is otherwise as it was made
  --master-key KEY   its master key: the suite signs logins and uses the REST door with it
  --only REGEXP      only the cases whose names match
  --help             this text

Prints TAP. Status 0: all passed; 1: a case failed, or none was run; 2: wrong options.
`;

function wrong(why: string): never {
  process.stderr.write(`${why}\n\n${usage}`);
  process.exit(2);
}

function options(): { url: string; app: string; masterKey: string; only: RegExp | undefined } {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { url: text, app: text, 'master-key': text, only: text, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(usage);
    process.exit(0);
  }
  const { url, app, 'master-key': masterKey, only } = values;
  if (url === undefined || app === undefined || masterKey === undefined)
    throw new Error('--url, --app and --master-key are needed.');
  return { url, app, masterKey, only: only === undefined ? undefined : new RegExp(only) };
}

let asked: ReturnType<typeof options>;
try {
  asked = options();
} catch (error) {
  wrong((error as Error).message);
}
const { url, app, masterKey, only } = asked;
let number = 0;
process.stdout.write('TAP version 14\n');
const outcomes = await runConformance(
  { url, app, masterKey },
  ({ name, error, ms }) => {
    process.stdout.write(`${error === undefined ? 'ok' : 'not ok'} ${++number} - ${name} # ${ms} ms\n`);
    if (error !== undefined)
      process.stdout.write(`${(error.stack ?? error.message).replace(/^/gm, '  # ')}\n`);
  },
  only,
);
const failed = outcomes.filter(({ error }) => error !== undefined).length;
process.stdout.write(`1..${number}\n# ${number - failed} passed, ${failed} failed\n`);
process.exit(failed > 0 || number === 0 ? 1 : 0);
