import type { Command } from 'commander';
import { action } from './action.js';
import { onlyOne } from './app-commands.js';
import { type OfApp, appOption } from './conversation-commands.js';
import { part } from './http.js';
import { answer } from './output.js';

export function addClientCommands(program: Command): void {
  const client = program.command('client').description('clients of an app');
  client
    .command('kick <client>')
    .description('close the sessions of a client; it has to log in again')
    .addOption(appOption())
    .option('--tag <tag>', 'only sessions of this tag')
    .option('--message <text>', 'what the client is told')
    .addHelpText('after', '\nExample:\n  $ hongyan client kick alice --message "See you tomorrow"')
    .action(
      action<OfApp & { tag?: string; message?: string }>(async ({ admin }, options, output, [who = '']) => {
        const app = options.app ?? (await onlyOne(admin.get('/apps'), 'app'));
        const { tag, message } = options;
        await admin.post(`/apps/${part(app)}/clients/${part(who)}/kick`, { tag, message });
        answer(output, { client: who, kicked: true }, () => `Closed the sessions of ${who}.`);
      }),
    );
  client
    .command('online [clients...]')
    .description('who is online: of these, or of all')
    .addOption(appOption())
    .addHelpText('after', '\nExamples:\n  $ hongyan client online\n  $ hongyan client online alice bob')
    .action(
      action<OfApp>(async ({ admin }, options, output, clients) => {
        const app = options.app ?? (await onlyOne(admin.get('/apps'), 'app'));
        const asked = clients.length === 0 ? {} : { clients };
        const online = await admin.post<{ count: number; clients: string[] }>(
          `/apps/${part(app)}/online`,
          asked,
        );
        const more = clients.length === 0 && online.count > online.clients.length ? ', the first:' : '';
        answer(output, online, (o) => [`${o.count} online${more}`, ...o.clients].join('\n'));
      }),
    );
}
