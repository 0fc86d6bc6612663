import type { AppSettingDescription } from '@hongyan/apps';
import type { Command } from 'commander';
import { type CommonOptions, action } from './action.js';
import { UsageError } from './failure.js';
import { part } from './http.js';
import { answer, pairs, toStdout } from './output.js';

export function addSetting(app: Command): void {
  addSet(app);
  addSettings(app);
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
  $ hongyan app set ID login.jwksUrl=null

What can be set, what it means and what is allowed: hongyan app settings`,
    )
    .action(
      action<CommonOptions>(async ({ admin }, _, output, [id = '', ...changes]) => {
        const settings = settingsOf(changes);
        const view = await admin.patch<object>(`/apps/${part(id)}`, { settings });
        const all = new Map(flat(view));
        answer(output, view, () => pairs(Object.keys(settings).map((path) => [path, all.get(path) ?? '-'])));
      }),
    );
}

/** Needs no server: what can be set is the same for every app. */
function addSettings(app: Command): void {
  app
    .command('settings [prefix]')
    .description('list what can be set: meaning, presets, what is allowed')
    .addHelpText(
      'after',
      `
Examples:
  $ hongyan app settings
  $ hongyan app settings limits
  $ hongyan app settings login.unsigned`,
    )
    .action(async (prefix: string | undefined, _: object, command: Command) => {
      const { describeAppSettings } = await import('@hongyan/apps');
      const settings = describeAppSettings().filter(({ path }) => path.startsWith(prefix ?? ''));
      if (settings.length === 0)
        throw new UsageError(`no setting begins with "${prefix}": hongyan app settings lists them all`);
      const { json } = command.optsWithGlobals<CommonOptions>();
      answer(toStdout(json), settings, (shown) => shown.map(settingText).join('\n'));
    });
}

function settingText({ path, native, leancloud, allowed, meaning }: AppSettingDescription): string {
  const start = native === undefined ? '' : ` = ${native}`;
  const other = leancloud === native ? '' : ` (leancloud: ${leancloud})`;
  return `${path}${start}${other}  [${allowed}]\n    ${meaning}`;
}

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

/** Of an option that may be repeated: before a server is asked for. */
export const collectSetting = (
  change: string,
  before: Record<string, unknown> = {},
): Record<string, unknown> => ({ ...before, ...settingsOf([change]) });

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A record as dotted paths. */
export function flat(value: object, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? flat(inner, `${prefix}${key}.`)
      : [[prefix + key, inner] as [string, unknown]],
  );
}
