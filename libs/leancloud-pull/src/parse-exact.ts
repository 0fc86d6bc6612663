const longNumber = /[:[,]\s*-?\d{16,}/;

/**
 * JSON.parse that loses no digit: an integer too large for a JavaScript number keeps its text and is written back as it
 * was. (Types for `context.source` and `JSON.rawJSON` are not in TypeScript's library yet.)
 */
export function parseExact(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text);
  const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
  const keep = (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    context?.source !== undefined &&
    /^-?\d+$/.test(context.source)
      ? rawJSON(context.source)
      : value;
  return JSON.parse(text, keep);
}
