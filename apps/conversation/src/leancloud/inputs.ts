import { AppError, asConversationId, nestsDeeper, isClientId, isConversationId } from '@hongyan/protocol';
import { z } from 'zod';

/**
 * Parameters as scripts write them: in a query everything is text, and some languages say `True`. What cannot be read is
 * left as it is, for the schema to refuse.
 */

const numberFrom = (value: unknown): unknown =>
  typeof value === 'string' && /^-?\d{1,16}(\.\d+)?$/.test(value.trim()) ? Number(value) : value;

const booleans: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false };

const flagFrom = (value: unknown): unknown =>
  typeof value === 'string' || typeof value === 'number'
    ? (booleans[String(value).toLowerCase()] ?? value)
    : value;

/** Schemas go as deep as the value does: what is nested too deeply must not reach them. */
function parsed(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  if (nestsDeeper(value)) throw new AppError('bad_request', { detail: 'nested too deeply' });
  return value;
}

function listFrom(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (!value.startsWith('[')) return value.split(',');
  return parsed(value);
}

function jsonFrom(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (value.trim() === '') return undefined;
  return parsed(value);
}

export const flag = z.preprocess(flagFrom, z.boolean());
/** Milliseconds since 1970; fractions are cut off. */
export const time = z.preprocess(
  numberFrom,
  z
    .number()
    .min(0)
    .max(8.64e15)
    .transform((value) => Math.floor(value)),
);
export const count = (most: number) => z.preprocess(numberFrom, z.int().min(0).max(most));
/** How many at most; more than `most` means `most`, as at LeanCloud. */
export const limit = (most: number, byDefault: number) =>
  z
    .preprocess(
      numberFrom,
      z
        .int()
        .min(0)
        .transform((value) => Math.min(value, most)),
    )
    .default(byDefault);
/** How many are passed over. Beyond the bound it is refused: the last page once more would look like further rows. */
export const skip = count(100_000).default(0);

export const clientId = z
  .string()
  .max(128)
  .refine(isClientId, 'a client id is 1–64 characters without control characters')
  .transform((value) => value);
export const clientIds = (most: number) => z.preprocess(listFrom, z.array(clientId).min(1).max(most));
/** Ids that cannot exist are refused as malformed: they come in a body, not in a path. */
export const conversationId = z
  .string()
  .refine(isConversationId, 'a conversation id is 1–64 letters, digits, _, : or -')
  .transform(asConversationId);
export const messageId = z.string().min(1).max(80);
export const jsonObject = z.preprocess(jsonFrom, z.record(z.string(), z.json()));
/** A content: a text, or JSON that is sent as one. */
export const content = z
  .union([z.string(), z.record(z.string(), z.json())])
  .transform((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
/** What a push shows: an object, or the text of its alert. */
export const push = z.preprocess(
  (value) => {
    const read = jsonFrom(value);
    return typeof read === 'string' ? { alert: read } : read;
  },
  z.record(z.string(), z.json()),
);
export const priority = z.preprocess(
  (value) => (typeof value === 'string' ? value.toLowerCase() : value),
  z.enum(['high', 'normal', 'low']),
);
