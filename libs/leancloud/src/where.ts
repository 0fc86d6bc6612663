import type { JsonObject } from '@hongyan/protocol';
import { LeanCloudError } from './errors.js';
import { isObject } from './values.js';

const names: Readonly<Record<string, string>> = {
  objectId: 'id',
  name: 'name',
  c: 'creator',
  m: 'members',
  lm: 'lastMessageAt',
  unique: 'unique',
  createdAt: 'createdAt',
  updatedAt: 'updatedAt',
};

/** Columns that are true for one kind of conversation. */
const kinds: Readonly<Record<string, string>> = { tr: 'room', sys: 'system' };

function nativeName(name: string): string {
  if (Object.hasOwn(names, name)) return names[name]!;
  if (name === 'attr') return 'attributes';
  if (name.startsWith('attr.')) return `attributes.${name.slice('attr.'.length)}`;
  return `columns.${name}`;
}

const deepest = 20;

/** A `where` in the words of our own filters; operators and values are the same in both. */
export function nativeWhere(where: unknown, depth = 0): JsonObject {
  if (!isObject(where) || depth > deepest)
    throw new LeanCloudError('CONVERSATION_QUERY_FAILED', 'where is no filter');
  const native: Record<string, unknown> = {};
  const further: unknown[] = [];
  for (const [name, condition] of Object.entries(where)) {
    if (name === '$and' || name === '$or') {
      if (!Array.isArray(condition))
        throw new LeanCloudError('CONVERSATION_QUERY_FAILED', `${name} takes a list`);
      further.push({ [name]: condition.map((part: unknown) => nativeWhere(part, depth + 1)) });
    } else if (Object.hasOwn(kinds, name)) {
      further.push({ kind: kindCondition(kinds[name]!, condition) });
    } else {
      native[nativeName(name)] = condition;
      // A room has no list of members for these clients, whoever may run it.
      if (name === 'm') further.push({ kind: { $ne: 'room' } });
    }
  }
  const all = Object.keys(native).length === 0 ? further : [native, ...further];
  return (all.length === 1 ? all[0] : further.length === 0 ? native : { $and: all }) as JsonObject;
}

/** `true`, `false`, `{$ne: true}`, `{$exists: …}` of a flag, as a condition on the kind. */
function kindCondition(kind: string, condition: unknown): JsonObject {
  const [operator, value] = isObject(condition)
    ? (Object.entries(condition)[0] ?? ['$eq', true])
    : (['$eq', condition] as const);
  const wanted = operator === '$ne' ? value !== true : value === true;
  return wanted ? { $eq: kind } : { $ne: kind };
}

/** `-lm,createdAt` in our words; what nothing can be sorted by is left out, as these clients expect. */
export function nativeSort(sort: string | undefined): string {
  const keys = (sort ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '' && key !== '-')
    .map((key) => (key.startsWith('-') ? `-${nativeName(key.slice(1))}` : nativeName(key)))
    .filter((key) => !/^-?members$/.test(key));
  return keys.length === 0 ? '-lastMessageAt' : keys.slice(0, 3).join(',');
}
