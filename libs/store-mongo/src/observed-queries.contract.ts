import type { MongoDatabase } from './database.js';
import type { DeclaredIndex, Documents } from './schema.js';
import { declaredIndexes } from './schema.js';

/** A filter and sort that the driver sent, with the values left out. */
export interface ObservedQuery {
  readonly collection: keyof Documents;
  readonly command: string;
  /** `point`: equal to a value or one of some; `range`: between two; `other`: what an index helps little with. */
  readonly filter: Readonly<Record<string, 'point' | 'range' | 'other'>>;
  readonly sort: readonly string[];
}

type Json = Record<string, unknown>;

/** Collects what the driver sends. The database must have been opened with `monitorCommands`. */
export function observeQueries(db: MongoDatabase): ObservedQuery[] {
  const seen = new Map<string, ObservedQuery>();
  const queries: ObservedQuery[] = [];
  db.connection.getClient().on('commandStarted', ({ commandName, command }) => {
    for (const { filter, sort } of queriesOf(commandName, command)) {
      const query: ObservedQuery = {
        collection: command[commandName] as keyof Documents,
        command: commandName,
        filter: Object.fromEntries(Object.entries(filter).map(([field, test]) => [field, shapeOf(test)])),
        sort,
      };
      const key = JSON.stringify(query);
      if (!seen.has(key)) queries.push(query);
      seen.set(key, query);
    }
  });
  return queries;
}

function queriesOf(name: string, command: Json): { filter: Json; sort: string[] }[] {
  const sort =
    command.sort instanceof Map
      ? [...(command.sort.keys() as Iterable<string>)]
      : Object.keys(command.sort ?? {});
  switch (name) {
    case 'find':
      return [{ filter: command.filter as Json, sort }];
    case 'findAndModify':
      return [{ filter: command.query as Json, sort }];
    case 'aggregate':
      return [{ filter: (command.pipeline as { $match: Json }[])[0]?.$match ?? {}, sort }];
    case 'update':
      return (command.updates as { q: Json }[]).map(({ q }) => ({ filter: q, sort: [] }));
    case 'insert':
    case 'createIndexes':
    case 'dropDatabase':
    case 'ping':
    case 'hello':
    case 'ismaster':
    case 'endSessions':
      return [];
    default:
      throw new Error(`${name} is a command that no index is known to serve`);
  }
}

function shapeOf(test: unknown): 'point' | 'range' | 'other' {
  if (test === null || typeof test !== 'object') return 'point';
  const operators = Object.keys(test).filter((key) => key.startsWith('$'));
  if (operators.length === 0 || operators.some((operator) => operator === '$eq' || operator === '$in'))
    return 'point';
  return operators.some((operator) => ['$gt', '$gte', '$lt', '$lte'].includes(operator)) ? 'range' : 'other';
}

const key: DeclaredIndex = { name: '_id_', fields: { _id: 1 }, unique: true };

/**
 * What is left to look at in each document after the best index did its part: fields that it neither selects by nor
 * sorts by. Undefined: no index serves the query.
 */
export function leftOver({
  collection,
  filter,
  sort,
}: ObservedQuery): { index: string; fields: string[] } | undefined {
  const candidates = [key, ...declaredIndexes[collection]].flatMap(({ name, fields, unique }) => {
    const order = Object.keys(fields);
    let used = 0;
    while (used < order.length && filter[order[used] as string] === 'point') used += 1;
    if (used === 0) return [];
    const whole = unique === true && used === order.length;
    const rest = order.slice(used);
    const sorted = sort.filter((field) => filter[field] !== 'point');
    if (!whole && sorted.some((field, at) => rest[at] !== field)) return [];
    // After the equal fields one range; and what was sorted by is read in order.
    const served = new Set([...order.slice(0, used), ...rest.slice(0, Math.max(1, sorted.length))]);
    const fields_ = whole ? [] : Object.keys(filter).filter((field) => !served.has(field));
    return [{ index: name, fields: fields_, used }];
  });
  return candidates.sort((a, b) => a.fields.length - b.fields.length || b.used - a.used)[0];
}
