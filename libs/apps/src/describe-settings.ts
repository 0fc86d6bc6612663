import { z } from 'zod';
import { presets } from './presets.js';
import { type SettingMeta, settableSchema } from './settings-schema.js';

/** A setting as operators read of it. */
export interface AppSettingDescription {
  /** Dotted: `limits.members`. */
  readonly path: string;
  readonly meaning: string;
  /** What is allowed, in words: `1–1000 items`, `manager | member`. */
  readonly allowed: string;
  /** What a new app of each preset starts with, as `hongyan app set` takes it; absent where there is no such value. */
  readonly native?: string;
  readonly leancloud?: string;
}

/** Every setting, in the order of the schema. Throws when one has no meaning. */
export function describeAppSettings(): readonly AppSettingDescription[] {
  return Object.entries(settableSchema.shape).flatMap(([name, schema]) =>
    schema instanceof z.ZodObject
      ? Object.entries<z.ZodType>(schema.shape).map(([key, field]) => describe(`${name}.${key}`, field))
      : [describe(name, schema)],
  );
}

function describe(path: string, schema: z.ZodType): AppSettingDescription {
  const { description, unit } = (schema.meta() ?? {}) as Partial<SettingMeta>;
  if (description === undefined) throw new Error(`the setting ${path} has no description`);
  const json = z.toJSONSchema(schema, { io: 'output' }) as JsonSchema;
  const [native, leancloud] = [startOf('native', path), startOf('leancloud', path)];
  return {
    path,
    meaning: description,
    allowed: allowedOf(path, json, unit),
    ...(native === undefined ? {} : { native }),
    ...(leancloud === undefined ? {} : { leancloud }),
  };
}

/** Apps are switched on when they are made; a name each is given. */
function startOf(preset: keyof typeof presets, path: string): string | undefined {
  const start: unknown = { enabled: true, ...presets[preset] };
  const value = path
    .split('.')
    .reduce<unknown>((holder, key) => (holder as Readonly<Record<string, unknown>>)[key], start);
  return typeof value === 'string' || value === undefined ? value : JSON.stringify(value);
}

interface JsonSchema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
}

function allowedOf(path: string, schema: JsonSchema, unit?: string): string {
  const { type, format, enum: values, minimum, maximum, maxLength, maxItems, items } = schema;
  if (values !== undefined) return values.join(' | ');
  if (type === 'boolean') return 'true | false';
  if (type === 'integer' && unit !== undefined) return `${minimum}–${maximum} ${unit}`;
  if (type === 'string' && format === 'uri') return `URL, at most ${maxLength} characters`;
  if (type === 'string') return `text, at most ${maxLength} characters`;
  if (type === 'array' && items?.type === 'string')
    return `list of at most ${maxItems} texts, at most ${items.maxLength} characters each`;
  throw new Error(`the setting ${path} has bounds that cannot be told, or a number has no unit`);
}
