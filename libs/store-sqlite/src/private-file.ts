import { closeSync, openSync } from 'node:fs';

/**
 * Makes an empty file if there is none, for its owner only: others who may look into the folder read no messages in it.
 * SQLite gives the files that it puts beside a database the same mode.
 */
export const makePrivateFile = (path: string): void => closeSync(openSync(path, 'a', 0o600));
