import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mainScript, runCli } from './server.js';

/** The command line as a process: what it answers, and with which status, to whoever uses it wrongly or rightly. */

let folder: string;
let data: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongyan-command-'));
  data = join(folder, 'data');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

jest.setTimeout(120_000);

const at = (...args: string[]) => runCli([...args, '--data', data]);
const lines = (output: string) => output.trim().split('\n');

it.each([
  [['sevre'], "unknown command 'sevre'"],
  [['app', 'create', '--name', 'x', '--set', 'limits.page=5', 'members'], '"members" is not path=value'],
  [['app', 'settings', 'nope'], 'no setting begins with "nope"'],
  [['app', 'create'], "required option '--name <name>'"],
  [['app', 'rotate', 'x', '--overlap', 'soon'], 'a whole number from 0 to 2592000'],
  [['serve', '--port', '99999'], 'a whole number from 0 to 65535'],
  [['message', 'send', '--conversation', 'x'], 'give either --text or --json'],
])('%j is wrong usage: status 2, and what is wrong', async (args, why) => {
  const { status, output } = await at(...args);
  expect([status, output]).toEqual([2, expect.stringContaining(why)]);
  expect(lines(output).length).toBeLessThan(4); // with what may have been meant, and where to look
  expect(readdirSync(folder)).toEqual([]);
});

it.each([[['--help']], [['app', 'set', '--help']], [['help', 'leancloud']], [['app', 'settings', 'rooms']]])(
  '%j is answered on standard output with status 0, and needs no folder',
  async (args) => {
    const { status, output } = await runCli(args);
    expect([status, output]).toEqual([0, expect.stringMatching(/hongyan|rooms\./)]);
  },
);

it('whoever stops reading is no failure', () => {
  const script = `"${process.execPath}" "${mainScript}" app settings | true`;
  const { stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  expect([stdout, stderr]).toEqual(['', '']);
});

it.each([
  [['check']],
  [['app', 'list']],
  [['backup', 'copy']],
  [['client', 'online']],
  [['leancloud', 'import', '--from', 'x', '--app', 'x']],
])('%j takes no other folder for an installation, and makes nothing of it', async (args) => {
  const { status, output } = await at(...args);
  expect([status, lines(output)]).toEqual([
    2,
    [`hongyan: there is no installation in ${data}: say where it is with --data or HONGYAN_DATA`],
  ]);
  expect(readdirSync(folder)).toEqual([]);
});

it('a backup goes into an empty folder only, and is an installation of its own', async () => {
  expect(await at('app', 'create', '--name', 'Shop', '--id', 'shop')).toMatchObject({ status: 0 });
  const copy = join(folder, 'copy');
  expect(await at('backup', copy)).toMatchObject({ status: 0 });
  expect(readdirSync(copy).sort()).toEqual(['hongyan.db', 'secret.key']);
  const again = await at('backup', copy);
  expect(again.output).toMatch(
    /^hongyan: .*copy is not empty: give another folder, or empty it \(.*1600\)\n$/,
  );
  expect(again.status).toBe(1);
  const revealed = async (where: string) =>
    JSON.parse(
      (await runCli(['app', 'show', 'shop', '--reveal', '--json', '--data', where])).output,
    ) as object;
  expect(await revealed(copy)).toEqual(await revealed(data));
  expect(await runCli(['check', '--data', copy])).toMatchObject({ status: 0 });
  writeFileSync(join(folder, 'a-file'), '');
  expect(await at('backup', join(folder, 'a-file'))).toMatchObject({ status: 1 });
});

it('settings are changed all or none', async () => {
  await at('app', 'create', '--name', 'Shop', '--id', 'shop', '--set', 'rooms.historyOpen=true');
  const set = await at('app', 'set', 'shop', 'limits.members=500', 'origins=["https://chat.example.com"]');
  expect([set.status, set.output]).toEqual([
    0,
    expect.stringMatching(/limits\.members +500\norigins +\["https/),
  ]);
  const refused = await at('app', 'set', 'shop', 'limits.members=600', 'limits.page=0');
  expect([refused.status, refused.output]).toEqual([
    1,
    expect.stringMatching(/^hongyan: limits\.page: .*1001\)\n$/),
  ]);
  const { output } = await at('app', 'show', 'shop');
  expect(output).toMatch(/^limits\.members +500$/m);
  expect(output).toMatch(/^rooms\.historyOpen +true$/m);
});
