import { ConfigError, type Environment, loadConfig } from './load.js';
import { type ConfigSchema, describeSettings } from './schema.js';

export interface ExplainedSetting {
  readonly env: string;
  /** Secrets are never shown, only whether they are set. */
  readonly value: string;
  readonly from: 'option' | 'environment' | 'default';
  readonly description: string;
}

export interface Explanation {
  readonly ok: boolean;
  readonly settings: readonly ExplainedSetting[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** What a process would run with, and why: for `config check`. Never throws for a wrong configuration. */
export function explainConfig(
  schema: ConfigSchema,
  env: Environment,
  overrides: Readonly<Record<string, unknown>> = {},
): Explanation {
  let problems: readonly string[] = [];
  let warnings: readonly string[] = [];
  try {
    warnings = loadConfig(schema, env, overrides).warnings;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems = error.problems;
  }
  const settings = describeSettings(schema).map((described): ExplainedSetting => {
    const option = overrides[described.key] as string | number | undefined;
    const given = option ?? (env[described.env] || undefined);
    const value = given ?? described.defaultValue;
    return {
      env: described.env,
      value: value === undefined ? '(not set)' : described.secret ? '(set)' : String(value),
      from: option !== undefined ? 'option' : given !== undefined ? 'environment' : 'default',
      description: described.description,
    };
  });
  return { ok: problems.length === 0, settings, problems, warnings };
}
