/** A row under the key by which it is sorted. Keys and rows hold no NUL and no line end. */
export interface SortRecord {
  readonly key: string;
  /** Which of the folder's parts, and which line of it: later rows of one key count more. */
  readonly part: number;
  readonly line: number;
  readonly text: string;
}

const NUL = '\0';

export const keyOf = (...parts: readonly string[]): string => parts.join('\u0001');
export const keyParts = (key: string): string[] => key.split('\u0001');

export const encodeRecord = ({ key, part, line, text }: SortRecord): string =>
  `${key}${NUL}${part}${NUL}${line}${NUL}${text}\n`;

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

export const compareRecords = (a: SortRecord, b: SortRecord): number =>
  a.key < b.key ? -1 : a.key > b.key ? 1 : a.part - b.part || a.line - b.line;
