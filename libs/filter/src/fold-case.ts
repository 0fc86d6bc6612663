/** Case is ignored character by character: a letter whose other case is several letters (ß, ŉ) only equals itself. */
function single(text: string): number | undefined {
  const codePoint = text.codePointAt(0) as number;
  return text.length === (codePoint > 0xffff ? 2 : 1) ? codePoint : undefined;
}

const lower = (codePoint: number): number =>
  single(String.fromCodePoint(codePoint).toLowerCase()) ?? codePoint;
const upper = (codePoint: number): number =>
  single(String.fromCodePoint(codePoint).toUpperCase()) ?? codePoint;

/** One representative of all cases of a character. */
export function foldCase(codePoint: number): number {
  if (codePoint < 128) return codePoint >= 65 && codePoint <= 90 ? codePoint + 32 : codePoint;
  return lower(upper(codePoint));
}

/** The character and its other cases, the representative last. */
export const sameIgnoringCase = (codePoint: number): number[] => [
  codePoint,
  lower(codePoint),
  upper(codePoint),
  foldCase(codePoint),
];

// eslint-disable-next-line no-control-regex
const ascii = /^[\x00-\x7f]*$/;

export function foldText(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  let folded = '';
  for (const character of text) folded += String.fromCodePoint(foldCase(character.codePointAt(0) as number));
  return folded;
}
