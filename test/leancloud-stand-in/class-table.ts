import type { GeneratedApp, Row } from './generated-app.js';

/** Rows of a class by number, in the order of object ids. */
export interface ClassTable {
  readonly length: number;
  row(at: number): Row;
}

export function classTable(
  app: GeneratedApp,
  name: string,
  extra: ReadonlyMap<string, Row[]>,
): ClassTable | undefined {
  const added = extra.get(name);
  if (added !== undefined) return { length: added.length, row: (at) => added[at]! };
  const time = new Date(app.timeOf(0)).toISOString();
  const made = (length: number, columns: (at: number) => Row): ClassTable => ({
    length,
    row: (at) => ({
      objectId: `7b${at.toString(16).padStart(22, '0')}`,
      ...columns(at),
      createdAt: time,
      updatedAt: time,
    }),
  });
  switch (name) {
    case '_Conversation':
      return { length: app.conversations, row: (at) => app.conversation(at) };
    case '_ConversationMemberInfo':
      return { length: app.memberInfos, row: (at) => app.memberInfo(at) };
    case '_Installation':
      return made(app.size.installations ?? 0, (at) => ({
        deviceType: 'ios',
        deviceToken: `token${at}`,
        badge: at,
      }));
    case '_User':
      return made(app.size.users ?? 0, (at) => ({ username: `user${at}`, emailVerified: false }));
    case '_File':
      return made(app.size.mediaBase === undefined ? 0 : 3, (at) => ({
        url: `${app.size.mediaBase}/media/f${at}.png`,
      }));
    default:
      return undefined;
  }
}

type Condition = Row | string | number | boolean;

/** The few conditions that are asked for: equality, $gt, $gte, $lt, with dates. */
export function matches(row: Row, where: Record<string, Condition>): boolean {
  return Object.entries(where).every(([column, condition]) => {
    const value = row[column];
    if (condition === null || typeof condition !== 'object') return value === condition;
    return Object.entries(condition).every(([operator, operand]) => {
      const bound = (operand as { iso?: string }).iso ?? (operand as string | number);
      if (value === undefined) return false;
      if (operator === '$gt') return (value as string) > bound;
      if (operator === '$gte') return (value as string) >= bound;
      if (operator === '$lt') return (value as string) < bound;
      return false;
    });
  });
}

/** The first number whose object id is behind `after`. */
export function behind(table: ClassTable, after: string): number {
  let low = 0;
  let high = table.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((table.row(middle)['objectId'] as string) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
