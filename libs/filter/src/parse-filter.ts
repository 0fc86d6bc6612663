import { bounds, columns, invalid, isColumn, resolveField, shown, tooComplex } from './fields.js';
import type { Field, FilterOptions } from './fields.js';
import { Budget, checkText, isPlainObject, looksLikeDate, parseValue } from './parse-value.js';
import type { Plain } from './parse-value.js';
import { compilePattern } from './regex.js';
import type { Comparison, FieldPath, Filter, FilterValue } from './types.js';

const comparisons: Readonly<Record<string, Comparison>> = {
  $eq: 'eq', $ne: 'ne', $gt: 'gt', $gte: 'gte', $lt: 'lt', $lte: 'lte',
}; // prettier-ignore
const lists: Readonly<Record<string, 'in' | 'nin' | 'all'>> = { $in: 'in', $nin: 'nin', $all: 'all' };

/**
 * Parses a `where` (Mongo-style JSON, see docs/reference/filters.md). Nothing or `{}` matches everything.
 * Throws AppError `filter_invalid` (the detail names what is wrong) or `filter_too_complex`.
 */
export function parseFilter(where: unknown, options: FilterOptions = {}): Filter {
  if (where === undefined || where === null) return { op: 'and', filters: [] };
  return new FilterParser(options).parse(where, 1, true);
}

class FilterParser {
  readonly #budget: Budget;

  constructor(private readonly options: FilterOptions) {
    this.#budget = new Budget(options.maxValues);
  }

  /** `conjunct`: must hold whenever the whole filter does, so that the member index can be used. */
  parse(where: unknown, depth: number, conjunct: boolean): Filter {
    if (!isPlainObject(where)) throw invalid('a filter is a JSON object');
    const filters = Object.keys(where).flatMap((key): Filter[] => {
      if (key === '$and' || key === '$or') return [this.#logical(key, where[key], depth, conjunct)];
      if (key.startsWith('$')) throw invalid(`${shown(key)} is not known here`);
      return this.#conditions(key, where[key], conjunct);
    });
    return filters.length === 1 ? (filters[0] as Filter) : { op: 'and', filters };
  }

  #logical(key: '$and' | '$or', parts: unknown, depth: number, conjunct: boolean): Filter {
    if (!Array.isArray(parts) || parts.length === 0)
      throw invalid(`"${key}" takes a list of filters, at least one`);
    if (depth >= bounds.depth) throw tooComplex(`filters are nested more than ${bounds.depth} deep`);
    if (parts.length > bounds.conditions) throw tooComplex(`more than ${bounds.conditions} conditions`);
    const inside = conjunct && (key === '$and' || parts.length === 1);
    const filters = parts.map((part) => {
      this.#budgetForEmpty(part);
      return this.parse(part, depth + 1, inside);
    });
    if (filters.length === 1) return filters[0] as Filter;
    return { op: key === '$and' ? 'and' : 'or', filters };
  }

  /** `{}` is a condition too, or many of them would be free. */
  #budgetForEmpty(part: unknown): void {
    if (isPlainObject(part) && Object.keys(part).length === 0) this.#budget.condition();
  }

  #conditions(key: string, condition: unknown, conjunct: boolean): Filter[] {
    const field = resolveField(key, this.options);
    const operators = operatorsOf(condition);
    if (field.type === 'members') {
      if (!conjunct) throw invalid(`${shown(key)} cannot be part of an "$or"`);
      return this.#onMembers(key, operators ?? { $eq: condition });
    }
    const pairs = Object.entries(operators ?? { $eq: condition });
    return pairs.flatMap(([operator, value]): Filter[] => {
      if (operator === '$options') {
        if (!Object.hasOwn(operators as Plain, '$regex')) throw invalid('"$options" belongs to a "$regex"');
        return [];
      }
      this.#budget.condition();
      if (field.type === 'flag') return [this.#onFlag(key, field, operator, value)];
      return [this.#onField(field.path, operator, value, operators?.['$options'])];
    });
  }

  #onField(field: FieldPath, operator: string, value: unknown, regexOptions: unknown): Filter {
    const op = own(comparisons, operator);
    if (op !== undefined) {
      const parsed = this.#value(field, value);
      if (op !== 'eq' && op !== 'ne' && typeof parsed === 'object' && parsed !== null && 'json' in parsed)
        throw invalid(`"${operator}" takes a text, number, boolean or date`);
      return { op, field, value: parsed };
    }
    const list = own(lists, operator);
    if (list !== undefined) {
      if (!Array.isArray(value)) throw invalid(`"${operator}" takes a list of values`);
      return { op: list, field, values: value.map((item: unknown) => this.#value(field, item)) };
    }
    switch (operator) {
      case '$exists':
        if (typeof value !== 'boolean') throw invalid('"$exists" takes true or false');
        return { op: 'exists', field, exists: value };
      case '$size':
        return { op: 'size', field, size: sizeOf(value) };
      case '$regex':
        this.#budget.value();
        return { op: 'regex', field, pattern: parseRegex(value, regexOptions) };
      default:
        throw invalid(`${shown(operator)} is not an operator`);
    }
  }

  #value(field: FieldPath, value: unknown): FilterValue {
    const column = field[0];
    return parseValue(value, this.#budget, isColumn(column) && columns[column] === 'date');
  }

  #onMembers(key: string, operators: Plain): Filter[] {
    return Object.entries(operators).flatMap(([operator, value]): Filter[] => {
      this.#budget.condition();
      switch (operator) {
        case '$eq': {
          if (!Array.isArray(value))
            return [{ op: 'members', test: 'all', clients: this.#clients(key, [value]) }];
          const clients = this.#clients(key, value);
          return [
            { op: 'members', test: 'all', clients },
            { op: 'memberCount', size: clients.length },
          ];
        }
        case '$in':
          return [{ op: 'members', test: 'any', clients: this.#clients(key, value) }];
        case '$all':
          return [{ op: 'members', test: 'all', clients: this.#clients(key, value) }];
        case '$size':
          return [{ op: 'memberCount', size: sizeOf(value) }];
        default:
          throw invalid(
            `${shown(operator)} does not work on ${shown(key)}: only equality, "$in", "$all" and "$size" do`,
          );
      }
    });
  }

  #clients(key: string, value: unknown): string[] {
    if (!Array.isArray(value) || value.length === 0)
      throw invalid(`${shown(key)} takes a list of client ids, at least one`);
    const clients = value.map((client: unknown) => {
      this.#budget.value();
      if (typeof client !== 'string') throw invalid(`${shown(key)} takes client ids`);
      return checkText(client);
    });
    return [...new Set(clients)];
  }

  #onFlag(key: string, field: Extract<Field, { type: 'flag' }>, operator: string, value: unknown): Filter {
    this.#budget.value();
    const known = operator === '$eq' || operator === '$ne' || operator === '$exists';
    if (!known || typeof value !== 'boolean')
      throw invalid(`${shown(key)} can only be compared with true or false`);
    return { op: value === (operator !== '$ne') ? 'eq' : 'ne', field: ['kind'], value: field.kind };
  }
}

/** The operators of a condition; undefined when it is a value to be equal to. */
function operatorsOf(condition: unknown): Plain | undefined {
  if (!isPlainObject(condition) || looksLikeDate(condition)) return undefined;
  const keys = Object.keys(condition);
  if (!keys.some((key) => key.startsWith('$'))) return undefined;
  const stranger = keys.find((key) => !key.startsWith('$'));
  if (stranger !== undefined) throw invalid(`${shown(stranger)} is mixed with operators`);
  return condition;
}

function parseRegex(source: unknown, options: unknown = ''): ReturnType<typeof compilePattern> {
  if (typeof source !== 'string' || typeof options !== 'string')
    throw invalid('"$regex" and "$options" take texts');
  return compilePattern(source, options);
}

function sizeOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw invalid('"$size" takes a whole number, 0 or more');
  return value === 0 ? 0 : value;
}

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
