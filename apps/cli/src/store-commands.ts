import { resolve } from 'node:path';
import type { Command } from 'commander';
import { action } from './action.js';
import type { Target } from './connect.js';
import { answer, table, toStdout } from './output.js';

interface Common extends Target {
  readonly json?: boolean;
}

export function addStoreCommands(program: Command): void {
  program
    .command('backup <folder>')
    .description('copy the installation into an empty folder, while the server runs or not')
    .addHelpText('after', '\nExample:\n  $ hongyan backup /backups/hongyan-$(date +%F)')
    .action(
      action<Common>(async ({ admin }, _, output, [folder = '']) => {
        const made = await admin.post<{ folder: string }>('/backup', { folder: resolve(folder) });
        answer(
          output,
          made,
          (b) =>
            `Copied to ${b.folder}. It can be served as it is (--data); keep it as safe as the original.`,
        );
      }),
    );
  program
    .command('check')
    .description('check the store: status 1 when something is wrong')
    .action(
      action<Common>(async ({ admin }, _, output) => {
        const result = await admin.post<{ ok: boolean; problems: string[]; counts: Record<string, number> }>(
          '/check',
          {},
        );
        const counted = ({ counts }: typeof result) =>
          Object.entries(counts)
            .map(([what, n]) => `${n} ${what}`)
            .join(', ');
        answer(output, result, (r) => (r.ok ? `The store is sound: ${counted(r)}.` : r.problems.join('\n')));
        if (!result.ok) process.exitCode = 1;
      }),
    );
  program
    .command('config')
    .description('the configuration')
    .command('check')
    .description('what a server would run with, and where each value comes from')
    .action(async (_options: unknown, command: Command) => {
      const { explainConfig, standaloneSchema } = await import('@hongyan/config');
      const { data, json } = command.optsWithGlobals<Common>();
      const explained = explainConfig(standaloneSchema, process.env, { data });
      answer(toStdout(json), explained, ({ settings, problems, warnings }) =>
        [
          table(
            ['VARIABLE', 'VALUE', 'FROM'],
            settings.map((s) => [s.env, s.value, s.from]),
          ),
          ...problems.map((problem) => `wrong: ${problem}`),
          ...warnings.map((warning) => `warning: ${warning}`),
        ].join('\n'),
      );
      if (!explained.ok) process.exitCode = 1;
    });
}
