const colours: Readonly<Record<string, string>> = {
  fatal: '\u001b[35m',
  error: '\u001b[31m',
  warn: '\u001b[33m',
  info: '\u001b[32m',
  debug: '\u001b[34m',
  trace: '\u001b[90m',
};
const GREY = '\u001b[90m';
const RESET = '\u001b[0m';

type Line = Record<string, unknown> & { time: string; level: string; what?: string; text?: string };

/** A JSON log line as one short line for people; a stack follows on lines of its own. */
export function prettyLine(json: string, colour: boolean): string {
  let line: Line;
  try {
    line = JSON.parse(json) as Line;
  } catch {
    return json;
  }
  const { time, level, what, text, err, name: _, ...rest } = line;
  const paint = (code: string, value: string) => (colour && value !== '' ? `${code}${value}${RESET}` : value);
  const words = [
    paint(GREY, time.slice(11, 19)),
    paint(colours[level] ?? '', level.padEnd(5)),
    text ?? what ?? '',
    ...(text === undefined || what === undefined ? [] : [paint(GREY, String(what))]),
    ...Object.entries(rest).map(([key, value]) => paint(GREY, `${key}=${valueOf(value)}`)),
  ];
  const { stack } = (err ?? {}) as { stack?: string };
  const trace = err === undefined ? '' : `${paint(GREY, stack ?? valueOf(err))}\n`;
  return `${words.join(' ')}\n${trace}`;
}

const valueOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
