import type { Command } from 'commander';
import { whole } from './option-values.js';

const serveOptions = (command: Command): Command =>
  command
    .option(
      '--port <port>',
      'the port to listen on (HONGYAN_PORT, else 7788; 0 takes a free one)',
      whole(0, 65_535),
    )
    .option('--host <address>', 'the address to listen on (HONGYAN_HOST, else 127.0.0.1)')
    .option('--tls-cert <file>', 'speak TLS with this certificate (HONGYAN_TLS_CERT)')
    .option('--tls-key <file>', 'its private key (HONGYAN_TLS_KEY)');

export function addServeCommands(program: Command): void {
  serveOptions(program.command('serve'))
    .description('run the server until Ctrl-C')
    .addHelpText(
      'after',
      `
Examples:
  $ hongyan serve
  $ hongyan serve --data /srv/hongyan --host 0.0.0.0 --port 80

Everything else is set by variables of the environment: hongyan config check lists them,
docs/reference/configuration.md says what they mean.`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { runServe } = await import('./run-serve.js');
      process.exitCode = await runServe(command.optsWithGlobals());
    });

  serveOptions(program.command('start'))
    .description('run the server with a demo app, and show a conversation first (what npm start runs)')
    .option('--demo-only', 'end after the demo: status 0, or 1 and what failed')
    .option('--no-demo', 'serve at once')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npm start\n  $ npm start -- --demo-only\n  $ npm start -- --no-demo --port 8000',
    )
    .action(async (_options: unknown, command: Command) => {
      const { runStart } = await import('./run-start.js');
      process.exitCode = await runStart(command.optsWithGlobals());
    });
}
