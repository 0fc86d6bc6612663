// npm run conformance -- --url http://127.0.0.1:7788 --app ID --master-key KEY [--only REGEXP]
import { parseArgs } from 'node:util';
import { runConformance } from './index.js';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    app: { type: 'string' },
    'master-key': { type: 'string' },
    only: { type: 'string' },
  },
});
const { url, app, 'master-key': masterKey, only } = values;
if (url === undefined || app === undefined || masterKey === undefined) {
  process.stderr.write('usage: npm run conformance -- --url URL --app ID --master-key KEY [--only REGEXP]\n');
  process.exit(2);
}
let number = 0;
process.stdout.write('TAP version 14\n');
const outcomes = await runConformance(
  { url, app, masterKey },
  ({ name, error, ms }) => {
    process.stdout.write(`${error === undefined ? 'ok' : 'not ok'} ${++number} - ${name} # ${ms} ms\n`);
    if (error !== undefined)
      process.stdout.write(`${(error.stack ?? error.message).replace(/^/gm, '  # ')}\n`);
  },
  only === undefined ? undefined : new RegExp(only),
);
const failed = outcomes.filter(({ error }) => error !== undefined).length;
process.stdout.write(`1..${number}\n# ${number - failed} passed, ${failed} failed\n`);
process.exit(failed > 0 || number === 0 ? 1 : 0);
