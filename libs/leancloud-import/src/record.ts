/** By what rows are sorted. Keys and rows hold no NUL and no line end. */
export interface SortKey {
  readonly key: string;
  /** Which of the folder's parts, and which line of it: later rows of one key count more. */
  readonly part: number;
  readonly line: number;
}

export interface SortRecord extends SortKey {
  readonly text: string;
}

const NUL = '\0';

export const keyOf = (...parts: readonly string[]): string => parts.join('\u0001');
export const keyParts = (key: string): string[] => key.split('\u0001');

/** What a record has before its row. */
export const recordHead = ({ key, part, line }: SortKey): string => `${key}${NUL}${part}${NUL}${line}${NUL}`;

export const encodeRecord = (record: SortRecord): string => `${recordHead(record)}${record.text}\n`;

export function decodeRecord(encoded: string): SortRecord {
  const first = encoded.indexOf(NUL);
  const second = encoded.indexOf(NUL, first + 1);
  const third = encoded.indexOf(NUL, second + 1);
  return {
    key: encoded.slice(0, first),
    part: Number(encoded.slice(first + 1, second)),
    line: Number(encoded.slice(second + 1, third)),
    text: encoded.slice(third + 1),
  };
}

export const compareKeys = (a: SortKey, b: SortKey): number =>
  a.key < b.key ? -1 : a.key > b.key ? 1 : a.part - b.part || a.line - b.line;
