import { AppError, type Json } from '@hongyan/protocol';
import { isObject } from './values.js';

/** An operation on a stored value, as the clients' storage SDK writes it. */
export interface ColumnOperation {
  readonly __op: string;
  readonly amount?: unknown;
  readonly objects?: unknown;
  readonly value?: unknown;
}

export const isColumnOperation = (value: unknown): value is ColumnOperation =>
  isObject(value) && typeof value['__op'] === 'string';

const same = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The value afterwards; null: it goes. Throws `bad_request` for operations that are not known. */
export function applyOperation(operation: ColumnOperation, before: Json | undefined): Json {
  const { __op: name } = operation;
  const list = Array.isArray(before) ? (before as Json[]) : [];
  const objects = Array.isArray(operation.objects) ? (operation.objects as Json[]) : [];
  const number = typeof before === 'number' ? before : 0;
  switch (name) {
    case 'Delete':
      return null;
    case 'Increment':
      return number + amountOf(operation, 1);
    case 'Decrement':
      return number - amountOf(operation, 1);
    case 'Add':
      return [...list, ...objects];
    case 'AddUnique':
      return objects.reduce<Json[]>(
        (all, one) => (all.some((known) => same(known, one)) ? all : [...all, one]),
        list,
      );
    case 'Remove':
      return list.filter((known) => !objects.some((one) => same(known, one)));
    case 'BitAnd':
      return number & bitsOf(operation);
    case 'BitOr':
      return number | bitsOf(operation);
    case 'BitXor':
      return number ^ bitsOf(operation);
    default:
      throw new AppError('bad_request', { detail: `"${name.slice(0, 32)}" is no operation on a column` });
  }
}

function amountOf({ amount }: ColumnOperation, byDefault: number): number {
  if (amount === undefined) return byDefault;
  if (typeof amount !== 'number' || !Number.isFinite(amount))
    throw new AppError('bad_request', { detail: 'an amount is a number' });
  return amount;
}

const bitsOf = ({ value }: ColumnOperation): number => amountOf({ __op: '', amount: value }, 0);
