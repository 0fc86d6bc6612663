import { type Command, Option } from 'commander';
import { UsageError } from './failure.js';
import { type CommonOptions, action } from './action.js';
import type { Connection } from './connect.js';
import { answer, pairs, table, timeText } from './output.js';
import { whole } from './option-values.js';
import { addSetting, collectSetting, flat } from './setting-commands.js';
import { part } from './http.js';

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

/** A new installation begins with one of these. */
const makesFolder = { makesFolder: true };

export function addAppCommands(program: Command): void {
  const tenant = program.command('tenant').description('tenants of this installation');
  tenant
    .command('create')
    .description('create a tenant')
    .requiredOption('--name <name>', 'its name')
    .option('--id <id>', 'its id; made when absent')
    .addHelpText('after', '\nExample:\n  $ hongyan tenant create --id bluebird --name "Blue Bird Ltd"')
    .action(
      action<CommonOptions & { id?: string; name: string }>(async ({ admin }, { id, name }, output) => {
        const made = await admin.post<{ id: string; name: string }>('/tenants', { id, name });
        answer(output, made, (t) => `Created tenant ${t.id}.`);
      }, makesFolder),
    );
  tenant
    .command('list')
    .description('list tenants')
    .action(
      action<CommonOptions>(async ({ admin }, _, output) => {
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
      action<CommonOptions & { tenant?: string }>(async ({ admin }, options, output) => {
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
      action<CommonOptions & { reveal?: boolean }>(async ({ admin }, { reveal }, output, [id = '']) => {
        const path = `/apps/${part(id)}`;
        const view = reveal
          ? await admin.post<AppView>(`${path}/reveal`, {})
          : await admin.get<AppView>(path);
        answer(output, view, (shown) => pairs(flat(shown)));
      }),
    );
  addSetting(app);
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
    .option('--set <path=value...>', 'settings that differ from the preset', collectSetting)
    .addHelpText(
      'after',
      `
Examples:
  $ hongyan app create --tenant bluebird --name Chat
  $ hongyan app create --name Old --preset leancloud --id ID --key KEY --master-key KEY
  $ hongyan app create --name Trial --set login.unsigned=true

What can be set, and what the presets set: hongyan app settings`,
    )
    .action(
      action<
        CommonOptions & {
          name: string;
          tenant?: string;
          id?: string;
          key?: string;
          masterKey?: string;
          preset?: string;
          set?: Record<string, unknown>;
        }
      >(async ({ admin }, options, output) => {
        const { name, id, key, masterKey, preset, set: settings } = options;
        const tenant = options.tenant ?? (await firstTenant(admin));
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
      }, makesFolder),
    );
}

function addRotate(app: Command): void {
  app
    .command('rotate <id>')
    .description('replace a key; the old one counts for a while yet')
    .addOption(new Option('--which <key>', 'which key').choices(['masterKey', 'appKey']).default('masterKey'))
    .option('--key <key>', 'the new key; made when absent')
    .option('--overlap <seconds>', 'how long the old key counts besides', whole(0, 30 * 86_400), 86_400)
    .addHelpText('after', '\nExample:\n  $ hongyan app rotate ID --which masterKey --overlap 3600')
    .action(
      action<CommonOptions & { which: 'masterKey' | 'appKey'; key?: string; overlap: number }>(
        async ({ admin }, options, output, [id = '']) => {
          const { which, key } = options;
          const view = await admin.post<AppView>(`/apps/${part(id)}/rotate`, {
            which,
            key,
            overlap: options.overlap,
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
