import type { z } from 'zod';
import { type ConfigSchema, describeSettings } from './schema.js';

const PREFIX = 'HONGYAN_';

export interface LoadedConfig<T> {
  readonly config: Readonly<T>;
  /** Environment variables that look like ours and are not. */
  readonly warnings: readonly string[];
}

/** Everything wrong with the configuration, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the configuration of a process once: `overrides` (command-line options) before environment before default.
 * An empty variable counts as absent. The result is frozen.
 */
export function loadConfig<S extends ConfigSchema>(
  schema: S,
  env: Environment,
  overrides: Readonly<Record<string, unknown>> = {},
): LoadedConfig<z.output<S>> {
  const settings = describeSettings(schema);
  const given: Record<string, unknown> = {};
  for (const { key, env: name } of settings) {
    const value = overrides[key] ?? env[name];
    if (value !== undefined && value !== '') given[key] = value;
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map(({ path, message }) => {
        const found = settings.find(({ key }) => key === path[0]);
        return `${found?.env ?? path.join('.')}: ${message} (allowed: ${found?.allowed ?? '?'})`;
      }),
    );
  }
  return {
    config: Object.freeze(parsed.data),
    warnings: unknownVariables(
      settings.map(({ env: name }) => name),
      env,
    ),
  };
}

function unknownVariables(known: readonly string[], env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .sort()
    .map((name) => {
      const [close] = known
        .filter((other) => distance(other, name) <= 3)
        .sort((a, b) => distance(a, name) - distance(b, name));
      return `${name} is not a setting${close === undefined ? '' : `; did you mean ${close}?`}`;
    });
}

/** Edits between two names. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
