import { type OperationName, operationNames, operations } from '@hongyan/protocol';
import { z } from 'zod';
import type { FuzzInputs } from './fuzz-inputs.js';

/** What is used of JSON Schema. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** The arguments of every operation, as a client writes them. */
export const schemas = new Map(
  operationNames.map((name) => [
    name,
    z.toJSONSchema(operations[name], { io: 'input', unrepresentable: 'any' }) as Schema,
  ]),
);

/** Ending the session is right, but would only end the test's connection. */
export const fuzzed: readonly OperationName[] = operationNames.filter((name) => name !== 'session.close');

/** Arguments that the schema takes, or nearly. */
export function sample(fuzz: FuzzInputs, schema: Schema): unknown {
  if (schema.enum !== undefined) return fuzz.pick(schema.enum);
  if (schema.anyOf !== undefined) return sample(fuzz, schema.anyOf[0]!);
  switch (schema.type) {
    case 'string':
      return fuzz.pick(['abc.1', 'room', 'f'.repeat(24), 'ann']);
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 0, Math.min(schema.maximum ?? 5, 5));
    case 'boolean':
      return fuzz.next() < 0.5;
    case 'array':
      return Array.from({ length: Math.max(1, schema.minItems ?? 0) }, () =>
        sample(fuzz, schema.items ?? {}),
      );
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => schema.required?.includes(name) || fuzz.next() < 0.3)
          .map(([name, of]) => [name, sample(fuzz, of)]),
      );
    default:
      return {};
  }
}

/** Arguments of which exactly one field is wrong, so that they must be refused. Undefined: none can be. */
export function spoilt(fuzz: FuzzInputs, schema: Schema): Record<string, unknown> | undefined {
  const fields = Object.entries(schema.properties ?? {}).filter(([, of]) => isBounded(of));
  if (fields.length === 0) return undefined;
  const args = sample(fuzz, schema) as Record<string, unknown>;
  const [name, of] = fuzz.pick(fields);
  if (schema.required?.includes(name) && fuzz.next() < 0.1) delete args[name];
  else args[name] = wrong(fuzz, of);
  return args;
}

/** Takes some values and not others. */
const isBounded = ({ type, anyOf, enum: one }: Schema): boolean =>
  type !== undefined || one !== undefined || (anyOf?.every(isBounded) ?? false);

const byType: Readonly<Record<string, unknown>> = {
  string: 'x',
  integer: 7,
  number: 7.5,
  boolean: true,
  array: [],
  object: { a: 1 },
  null: null,
};

function wrong(fuzz: FuzzInputs, schema: Schema): unknown {
  const { type, anyOf, enum: one, maximum, minimum, maxLength, minItems, items } = schema;
  const taken = new Set([type, ...(anyOf ?? []).map((of) => of.type)]);
  if (one !== undefined) taken.add('string');
  if (taken.has('number')) taken.add('integer');
  const others = Object.keys(byType).filter((kind) => !taken.has(kind));
  const ways: (() => unknown)[] = [() => byType[fuzz.pick(others)]];
  if (one !== undefined) ways.push(() => 'none of them');
  if (type === 'integer')
    ways.push(
      () => (minimum ?? 0) - 1,
      () => 1e308,
      () => (maximum ?? 2 ** 53) + 1,
    );
  if (type === 'integer') ways.push(() => 1.5);
  if (maxLength !== undefined && maxLength < 10_000) ways.push(() => 'x'.repeat(maxLength + 1));
  if (type === 'array' && (minItems ?? 0) > 0) ways.push(() => []);
  if (type === 'array' && isBounded(items ?? {})) ways.push(() => [wrong(fuzz, items!)]);
  return fuzz.pick(ways)();
}
