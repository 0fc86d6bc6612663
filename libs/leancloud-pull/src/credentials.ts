import { readFile } from 'node:fs/promises';
import { PullError } from './errors.js';

/** What was found; the app key is not needed with the master key, and only taken so that a shared file may hold it. */
export interface FoundCredentials {
  readonly appId?: string;
  readonly appKey?: string;
  readonly masterKey?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `LEANCLOUD_APP_ID`, `LEANCLOUD_APP_KEY`, `LEANCLOUD_MASTER_KEY`; a file's values come first. */
export async function findCredentials(environment: Environment, file?: string): Promise<FoundCredentials> {
  const read = file === undefined ? {} : await readCredentials(file);
  const value = (name: string) => {
    const found = (read[name] ?? environment[name])?.trim();
    return found === '' ? undefined : found;
  };
  return {
    appId: value('LEANCLOUD_APP_ID'),
    appKey: value('LEANCLOUD_APP_KEY'),
    masterKey: value('LEANCLOUD_MASTER_KEY'),
  };
}

/** Lines `NAME=value`, or a JSON object with the same names (or `appId`, `appKey`, `masterKey`). */
async function readCredentials(file: string): Promise<Record<string, string | undefined>> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new PullError('usage', `cannot read the credentials in ${file}`, { cause: error });
  });
  if (text.trimStart().startsWith('{')) {
    let json: Record<string, unknown>;
    try {
      json = JSON.parse(text) as Record<string, unknown>;
    } catch {
      throw new PullError('usage', `${file} is no JSON`);
    }
    const pick = (...names: string[]): string | undefined =>
      names.map((name) => json[name]).find((value): value is string => typeof value === 'string');
    return {
      LEANCLOUD_APP_ID: pick('LEANCLOUD_APP_ID', 'appId'),
      LEANCLOUD_APP_KEY: pick('LEANCLOUD_APP_KEY', 'appKey'),
      LEANCLOUD_MASTER_KEY: pick('LEANCLOUD_MASTER_KEY', 'masterKey'),
    };
  }
  const found: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, value] = /^\s*(?:export\s+)?(LEANCLOUD_\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) found[name] = value.replace(/^(['"])(.*)\1$/, '$2');
  }
  return found;
}
