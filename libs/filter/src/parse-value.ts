import type { Json } from '@hongyan/protocol';
import { bounds, checkKey, invalid, shown, tooComplex } from './fields.js';
import type { FilterValue } from './types.js';

/** Counts what a filter holds, so that none is larger than allowed. */
export class Budget {
  #conditions = 0;
  #values = 0;

  constructor(private readonly maxValues: number = bounds.values) {}

  condition(): void {
    this.#conditions += 1;
    if (this.#conditions > bounds.conditions) throw tooComplex(`more than ${bounds.conditions} conditions`);
  }

  value(): void {
    this.#values += 1;
    if (this.#values > this.maxValues) throw tooComplex(`more than ${this.maxValues} values`);
  }
}

export type Plain = Readonly<Record<string, unknown>>;

export function isPlainObject(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Texts that engines would store or compare differently are refused. */
export function checkText(text: string): string {
  if (text.length > bounds.textLength) throw tooComplex(`a text is longer than ${bounds.textLength}`);
  if (!text.isWellFormed()) throw invalid('a text is not well-formed Unicode');
  return text;
}

/** One value of a filter. `asDate`: the field is a time, so numbers (ms) and ISO texts mean dates. */
export function parseValue(value: unknown, budget: Budget, asDate = false): FilterValue {
  if (isPlainObject(value)) {
    const date = parseDate(value);
    if (date !== undefined) {
      budget.value();
      return { date };
    }
    return { json: parseJson(value, budget, 1) };
  }
  if (Array.isArray(value)) return { json: parseJson(value, budget, 1) };
  const scalar = parseScalar(value, budget);
  if (asDate && typeof scalar === 'number') return { date: checkDate(scalar) };
  if (asDate && typeof scalar === 'string') return { date: parseIso(scalar) };
  return scalar;
}

function parseScalar(value: unknown, budget: Budget): string | number | boolean | null {
  budget.value();
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return checkText(value);
  if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? 0 : value; // never -0
  throw invalid(`${typeof value === 'number' ? String(value) : typeof value} is not a JSON value`);
}

function parseJson(value: unknown, budget: Budget, depth: number): Json {
  if (depth > bounds.pathDepth) throw tooComplex('a value is nested too deeply');
  if (Array.isArray(value)) {
    budget.value();
    return value.map((item) => parseJson(item, budget, depth + 1));
  }
  if (!isPlainObject(value)) return parseScalar(value, budget);
  budget.value();
  return Object.fromEntries(
    Object.keys(value).map((key) => {
      checkKey(key, key);
      return [key, parseJson(value[key], budget, depth + 1)];
    }),
  );
}

/** True for `{"__type":"Date","iso":…}` and `{"$date":…}`, right or wrong. */
export const looksLikeDate = (value: Plain): boolean =>
  (value['__type'] === 'Date' && Object.hasOwn(value, 'iso')) || Object.hasOwn(value, '$date');

function parseDate(value: Plain): number | undefined {
  if (!looksLikeDate(value)) return undefined;
  const typed = Object.hasOwn(value, '$date');
  if (Object.keys(value).length !== (typed ? 1 : 2)) throw invalid('a date has nothing beside it');
  const at = typed ? value['$date'] : value['iso'];
  if (typeof at === 'string') return parseIso(at);
  if (typed && typeof at === 'number') return checkDate(at);
  throw invalid(typed ? '"$date" takes milliseconds or an ISO 8601 text' : '"iso" takes an ISO 8601 text');
}

const isoPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

function parseIso(text: string): number {
  const time = text.length <= 40 && isoPattern.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw invalid(`${shown(text)} is not a date like 2024-05-01T08:00:00.000Z`);
  return checkDate(time);
}

const year0 = -62_167_219_200_000;
const year10000 = 253_402_300_800_000;

/** Years of four digits: their ISO texts sort like the times. */
function checkDate(time: number): number {
  if (!Number.isInteger(time) || time < year0 || time >= year10000)
    throw invalid(`${time} is not a time in milliseconds`);
  return time;
}
