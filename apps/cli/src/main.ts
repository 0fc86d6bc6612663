import { CommanderError } from 'commander';
import { failureLine } from './failure.js';
import { createProgram } from './program.js';

/** 0: done. 1: refused or failed. 2: wrong usage. */
try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2; // its text is written already
  } else {
    process.stderr.write(`hongyan: ${failureLine(error)}\n`);
    process.exitCode = 1;
  }
}
