import { AppError, nestsDeeper } from '@hongyan/protocol';
import { z } from 'zod';

/** `value` by its schema; throws `bad_request` that names the first thing wrong. */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  if (nestsDeeper(value)) throw new AppError('bad_request', { detail: 'nested too deeply' });
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new AppError('bad_request', {
    detail: `${path === '' ? '' : `${path}: `}${issue?.message ?? 'not valid'}`,
  });
}

/** What a JSON Schema says, as far as query strings need it. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly description?: string;
  readonly [keyword: string]: unknown;
}

export type Query = Readonly<Record<string, unknown>>;

/** Input of a schema as JSON Schema (draft 2020-12), as OpenAPI 3.1 wants it. */
export function inputSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return json as JsonSchema;
}

/** The parameters of a query string by their names there: members of objects with a dot, as in `before.seq`. */
export function queryParameters(
  schema: JsonSchema,
  prefix = '',
): { name: string; schema: JsonSchema; required: boolean }[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) =>
    property.properties !== undefined
      ? queryParameters(property, `${prefix}${key}.`)
      : [{ name: prefix + key, schema: property, required: schema.required?.includes(key) ?? false }],
  );
}

/**
 * The arguments that a query string stands for: numbers, booleans, lists (the name repeated), objects (JSON text) and
 * members of objects (`before.seq=5`). What cannot be read is left as text, for the schema to refuse.
 */
export function decodeQuery(schema: JsonSchema, query: Query): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const { name, schema: property } of queryParameters(schema)) {
    const raw = query[name];
    if (raw === undefined) continue;
    const path = name.split('.');
    const last = path.pop() as string;
    let holder = decoded;
    for (const step of path) holder = (holder[step] ??= {}) as Record<string, unknown>;
    holder[last] = decodeValue(property, raw);
  }
  return decoded;
}

function decodeValue(schema: JsonSchema, raw: unknown): unknown {
  if (schema.type === 'array') {
    const values: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
    return values.map((value) => decodeValue(schema.items ?? {}, value));
  }
  if (typeof raw !== 'string') return raw;
  switch (schema.type) {
    case 'integer':
    case 'number':
      return raw.trim() === '' || Number.isNaN(Number(raw)) ? raw : Number(raw);
    case 'boolean':
      return raw === 'true' ? true : raw === 'false' ? false : raw;
    case 'object':
      try {
        return JSON.parse(raw) as unknown;
      } catch {
        return raw;
      }
    default:
      return raw;
  }
}
