import { type Command, Option } from 'commander';
import { UsageError } from './failure.js';
import { type Output, answer, pairs, table, timeText, toStdout } from './output.js';
import type { Connection, Target } from './connect.js';
import { part } from './http.js';

interface Common extends Target {
  readonly json?: boolean;
}

interface AppView {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly preset: string;
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly appKey: Key;
  readonly masterKey?: Key;
  readonly login: { readonly unsigned: boolean };
}

interface Key {
  readonly current: string;
  readonly previousUntil?: number;
}

/** An action against a server, with the answer's place. */
export function action<O extends Common>(
  run: (connection: Connection, options: O, output: Output, args: readonly string[]) => Promise<void>,
): (...all: unknown[]) => Promise<void> {
  return async (...all) => {
    const command = all.at(-1) as Command;
    const options = command.optsWithGlobals<O>();
    const { withServer } = await import('./connect.js');
    await withServer(options, (connection) => run(connection, options, toStdout(options.json), command.args));
  };
}

export function addAppCommands(program: Command): void {
  const tenant = program.command('tenant').description('tenants of this installation');
  tenant
    .command('create')
    .description('create a tenant')
    .requiredOption('--name <name>', 'its name')
    .option('--id <id>', 'its id; made when absent')
    .addHelpText('after', '\nExample:\n  $ hongyan tenant create --id bluebird --name "Blue Bird Ltd"')
    .action(
      action<Common & { id?: string; name: string }>(async ({ admin }, { id, name }, output) => {
        const made = await admin.post<{ id: string; name: string }>('/tenants', { id, name });
        answer(output, made, (t) => `Created tenant ${t.id}.`);
      }),
    );
  tenant
    .command('list')
    .description('list tenants')
    .action(
      action<Common>(async ({ admin }, _, output) => {
        const { items } = await admin.get<{ items: { id: string; name: string; createdAt: number }[] }>(
          '/tenants',
        );
        answer(output, items, (rows) =>
          table(
            ['ID', 'NAME', 'CREATED'],
            rows.map((t) => [t.id, t.name, timeText(t.createdAt)]),
          ),
        );
      }),
    );

  const app = program.command('app').description('apps of tenants: keys, limits, rules');
  addCreate(app);
  app
    .command('list')
    .description('list apps')
    .option('--tenant <id>', 'of this tenant only')
    .action(
      action<Common & { tenant?: string }>(async ({ admin }, options, output) => {
        const query = options.tenant === undefined ? '' : `?tenant=${part(options.tenant)}`;
        const { items } = await admin.get<{ items: AppView[] }>(`/apps${query}`);
        const row = (a: AppView) => [
          a.id,
          a.tenant,
          a.name,
          a.preset,
          a.login.unsigned ? 'unsigned' : 'signed',
          a.enabled ? 'on' : 'off',
        ];
        answer(output, items, (rows) =>
          table(['ID', 'TENANT', 'NAME', 'PRESET', 'LOGIN', 'STATE'], rows.map(row)),
        );
      }),
    );
  app
    .command('show <id>')
    .description('show an app with all its settings')
    .option('--reveal', 'show the master key too')
    .action(
      action<Common & { reveal?: boolean }>(async ({ admin }, { reveal }, output, [id = '']) => {
        const path = `/apps/${part(id)}`;
        const view = reveal
          ? await admin.post<AppView>(`${path}/reveal`, {})
          : await admin.get<AppView>(path);
        answer(output, view, (shown) => pairs(flat(shown)));
      }),
    );
  addSet(app);
  addRotate(app);
}

function addCreate(app: Command): void {
  app
    .command('create')
    .description('create an app; prints its keys')
    .requiredOption('--name <name>', 'its name')
    .option('--tenant <id>', 'its tenant; may be left out when there is one only, or none yet')
    .option('--id <id>', 'its app id, when it brings one along')
    .option('--key <key>', 'its app key, when it brings one along')
    .option('--master-key <key>', 'its master key, when it brings one along')
    .addOption(new Option('--preset <preset>', 'which rules it starts from').choices(['native', 'leancloud']))
    .option('--set <path=value...>', 'settings that differ from the preset')
    .addHelpText(
      'after',
      `
Examples:
  $ hongyan app create --tenant bluebird --name Chat
  $ hongyan app create --name Old --preset leancloud --id ID --key KEY --master-key KEY
  $ hongyan app create --name Trial --set login.unsigned=true`,
    )
    .action(
      action<
        Common & {
          name: string;
          tenant?: string;
          id?: string;
          key?: string;
          masterKey?: string;
          preset?: string;
          set?: string[];
        }
      >(async ({ admin }, options, output) => {
        const { name, id, key, masterKey, preset } = options;
        const tenant = options.tenant ?? (await firstTenant(admin));
        const settings = options.set === undefined ? undefined : settingsOf(options.set);
        const made = await admin.post<AppView>('/apps', {
          tenant,
          name,
          id,
          key,
          masterKey,
          preset,
          settings,
        });
        answer(output, made, (a) => `Created app ${a.name}.\n${pairs(keysOf(a))}`);
      }),
    );
}

function addSet(app: Command): void {
  app
    .command('set <id> <path=value...>')
    .description('change settings of an app, all or none')
    .addHelpText(
      'after',
      `
Examples:
  $ hongyan app set ID limits.members=500 messages.editWindow=300
  $ hongyan app set ID enabled=false
  $ hongyan app set ID origins='["https://chat.example.com"]'
  $ hongyan app set ID login.jwksUrl=null`,
    )
    .action(
      action<Common>(async ({ admin }, _, output, [id = '', ...changes]) => {
        const settings = settingsOf(changes);
        const view = await admin.patch<AppView>(`/apps/${part(id)}`, { settings });
        const all = new Map(flat(view));
        answer(output, view, () => pairs(Object.keys(settings).map((path) => [path, all.get(path) ?? '-'])));
      }),
    );
}

function addRotate(app: Command): void {
  app
    .command('rotate <id>')
    .description('replace a key; the old one counts for a while yet')
    .addOption(new Option('--which <key>', 'which key').choices(['masterKey', 'appKey']).default('masterKey'))
    .option('--key <key>', 'the new key; made when absent')
    .option('--overlap <seconds>', 'how long the old key counts besides', '86400')
    .addHelpText('after', '\nExample:\n  $ hongyan app rotate ID --which masterKey --overlap 3600')
    .action(
      action<Common & { which: 'masterKey' | 'appKey'; key?: string; overlap: string }>(
        async ({ admin }, options, output, [id = '']) => {
          const { which, key } = options;
          const view = await admin.post<AppView>(`/apps/${part(id)}/rotate`, {
            which,
            key,
            overlap: Number(options.overlap),
          });
          const until = view[which]?.previousUntil;
          const old =
            until === undefined
              ? 'The old key counts no more.'
              : `The old key counts until ${timeText(until)} UTC.`;
          answer(
            output,
            view,
            (a) =>
              `${pairs([[which === 'masterKey' ? 'master key' : 'app key', a[which]?.current]])}\n${old}`,
          );
        },
      ),
    );
}

const keysOf = (app: AppView): [string, unknown][] => [
  ['app id', app.id],
  ['app key', app.appKey.current],
  ['master key', app.masterKey?.current],
  ['tenant', app.tenant],
  ['login', app.login.unsigned ? 'unsigned: anybody may be any client' : 'signed'],
];

/** `limits.members=500` and the like. Values are JSON; what is no JSON is text. */
export function settingsOf(changes: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    changes.map((change) => {
      const at = change.indexOf('=');
      if (at < 1) throw new UsageError(`"${change}" is not path=value`);
      return [change.slice(0, at), valueOf(change.slice(at + 1))];
    }),
  );
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function flat(value: object, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? flat(inner, `${prefix}${key}.`)
      : [[prefix + key, inner] as [string, unknown]],
  );
}

/** The one tenant there is; the first app of an installation needs no ceremony. */
async function firstTenant(admin: Connection['admin']): Promise<string> {
  const list = await admin.get<{ items: { id: string }[] }>('/tenants');
  if (list.items.length > 0) return await onlyOne(Promise.resolve(list), 'tenant');
  return (await admin.post<{ id: string }>('/tenants', { id: 'default', name: 'Default' })).id;
}

/** The id of the only thing there is. */
export async function onlyOne(list: Promise<{ items: { id: string }[] }>, noun: string): Promise<string> {
  const { items } = await list;
  const [first, second] = items;
  if (first === undefined) throw new UsageError(`there is no ${noun} yet: hongyan ${noun} create`);
  if (second !== undefined) {
    throw new UsageError(
      `say which ${noun}: --${noun} ${items
        .slice(0, 5)
        .map(({ id }) => id)
        .join(' | ')}${items.length > 5 ? ' …' : ''}`,
    );
  }
  return first.id;
}
