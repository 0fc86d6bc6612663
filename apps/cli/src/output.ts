/** Where a command's answer goes: text for people, or one JSON value for programs. */
export interface Output {
  readonly json: boolean;
  write(text: string): void;
}

export const toStdout = (json: boolean | undefined): Output => ({
  json: json === true,
  write: (text) => void process.stdout.write(text),
});

/** Writes the value as JSON, or what `text` makes of it. */
export function answer<T>(output: Output, value: T, text: (value: T) => string): void {
  output.write(output.json ? `${JSON.stringify(value, null, 2)}\n` : ensureNewline(text(value)));
}

const ensureNewline = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);

/** Names and values in two columns. */
export function pairs(entries: readonly (readonly [string, unknown])[]): string {
  const shown = entries.filter(([, value]) => value !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${cell(value)}`).join('\n');
}

/** Rows under headings, in columns. */
export function table(headings: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = [headings, ...rows.map((row) => row.map(cell))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '-';
  if (typeof value === 'string') return value;
  return JSON.stringify(value);
}

export const timeText = (time: number): string => new Date(time).toISOString().replace('T', ' ').slice(0, 19);
