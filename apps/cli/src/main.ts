import { CommanderError } from 'commander';
import { UsageError, failureLine } from './failure.js';
import { createProgram } from './program.js';

// Who reads the answer may go before its end (`… | head`): what is under way is finished, unheard.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

/** 0: done. 1: refused or failed. 2: wrong usage. */
try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2; // its text is written already
  } else {
    process.stderr.write(`hongyan: ${failureLine(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
