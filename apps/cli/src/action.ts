import type { Command } from 'commander';
import type { Connection, ServerOptions, Target } from './connect.js';
import { type Output, toStdout } from './output.js';

/** What every command takes. */
export interface CommonOptions extends Target {
  readonly json?: boolean;
}

/** An action against a server, with the answer's place. */
export function action<O extends CommonOptions>(
  run: (connection: Connection, options: O, output: Output, args: readonly string[]) => Promise<void>,
  server: ServerOptions = {},
): (...all: unknown[]) => Promise<void> {
  return async (...all) => {
    const command = all.at(-1) as Command;
    const options = command.optsWithGlobals<O>();
    const { withServer } = await import('./connect.js');
    await withServer(
      options,
      (connection) => run(connection, options, toStdout(options.json), command.args),
      server,
    );
  };
}
