export type SqlValue = string | number | null;

/** A piece of SQL with the values of its `?`, in order. */
export interface Fragment {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** Text of this program's own; never a user's. */
export const raw = (text: string): Fragment => ({ sql: text, params: [] });

const isFragment = (part: Fragment | SqlValue): part is Fragment => typeof part === 'object' && part !== null;

/** Builds SQL: fragments are put in, everything else is bound. */
export function sql(texts: TemplateStringsArray, ...parts: readonly (Fragment | SqlValue)[]): Fragment {
  let text = texts[0] as string;
  const params: SqlValue[] = [];
  parts.forEach((part, index) => {
    if (isFragment(part)) {
      text += part.sql;
      params.push(...part.params);
    } else {
      text += '?';
      params.push(part);
    }
    text += texts[index + 1] as string;
  });
  return { sql: text, params };
}

export function join(fragments: readonly Fragment[], separator: string): Fragment {
  return {
    sql: fragments.map((fragment) => fragment.sql).join(separator),
    params: fragments.flatMap((fragment) => fragment.params),
  };
}

export const never = raw('0');
export const always = raw('1');

export const allOf = (conditions: readonly Fragment[]): Fragment =>
  conditions.length === 0 ? always : sql`(${join(conditions, ' AND ')})`;
export const anyOf = (conditions: readonly Fragment[]): Fragment =>
  conditions.length === 0 ? never : sql`(${join(conditions, ' OR ')})`;
/** False and unknown are the same to a filter. */
export const not = (condition: Fragment): Fragment => sql`((${condition}) IS NOT TRUE)`;
