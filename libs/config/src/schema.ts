import { z } from 'zod';

export interface SettingMeta {
  /** Name of its environment variable. */
  readonly env: string;
  readonly description: string;
  /** Never printed. */
  readonly secret?: boolean;
}

/** One setting of a process: its schema with everything the reference page and `config check` say about it. */
export function setting<T extends z.ZodType>(schema: T, meta: SettingMeta): T {
  return schema.meta({ ...meta });
}

export type ConfigSchema = z.ZodObject<Record<string, z.ZodType>>;

export interface SettingDescription extends SettingMeta {
  readonly key: string;
  /** As text; absent when there is none. */
  readonly defaultValue?: string;
  /** What is allowed, in words: `number 0–65535`, `info | warn`. */
  readonly allowed: string;
}

/** The settings of a schema in its order. Throws when one was declared without {@link setting}. */
export function describeSettings(schema: ConfigSchema): readonly SettingDescription[] {
  return Object.entries(schema.shape).map(([key, field]) => {
    const meta = field.meta() as Partial<SettingMeta> | undefined;
    if (meta?.env === undefined || meta.description === undefined)
      throw new Error(`setting ${key} has no description`);
    const json = z.toJSONSchema(field, { io: 'output', unrepresentable: 'any' }) as JsonSchema;
    return {
      key,
      env: meta.env,
      description: meta.description,
      ...(meta.secret ? { secret: true } : {}),
      ...(json.default === undefined ? {} : { defaultValue: String(json.default) }),
      allowed: allowedOf(json),
    };
  });
}

interface JsonSchema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly default?: string | number | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
}

function allowedOf({ type = 'text', format, enum: values, minimum, maximum, minLength }: JsonSchema): string {
  if (values !== undefined) return values.join(' | ');
  if (type === 'boolean') return 'true | false';
  if (type === 'integer' || type === 'number') return `${type} ${minimum ?? ''}–${maximum ?? ''}`;
  if (format === 'uri') return 'URL';
  return minLength !== undefined && minLength > 1 ? `text, at least ${minLength} characters` : 'text';
}
