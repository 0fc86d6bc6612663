import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EntryKind, errorTable, operations, type ServerEventType } from '@hongyan/protocol';

const page = readFileSync(join(__dirname, '../../protocol.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| '));
const cells = (line: string): string[] => line.split('|').map((cell) => cell.trim());

// The compiler demands that these are complete.
const eventTypes: Record<ServerEventType, true> = {
  ...{
    session: true,
    closing: true,
    entry: true,
    cursor: true,
    state: true,
    transient: true,
    signal: true,
    presence: true,
  },
};
const entryKinds: Record<EntryKind, true> = {
  ...{
    message: true,
    edit: true,
    recall: true,
    created: true,
    added: true,
    joined: true,
    left: true,
    removed: true,
    role: true,
  },
  ...{
    silenced: true,
    unsilenced: true,
    blocked: true,
    unblocked: true,
    updated: true,
    delete: true,
    deleted: true,
  },
};

describe('sdk/protocol.md', () => {
  it.each(Object.entries(operations))('has %s with its arguments', (name, schema) => {
    const row = rows.find((line) => line.startsWith(`| \`${name}\` |`));
    const stated = cells(row ?? '')[2]
      ?.replaceAll('`', '')
      .split(', ')
      .filter(Boolean);
    const real = Object.entries<{ safeParse(value: unknown): { success: boolean } }>(schema.shape).map(
      ([key, one]) => `${key}${one.safeParse(undefined).success ? '?' : ''}`,
    );
    expect(stated?.toSorted()).toEqual(real.toSorted());
  });

  it('has no operation that there is not', () => {
    const stated = rows.flatMap((line) => /^\| `([a-z]+\.[a-zA-Z]+)` \|/.exec(line)?.[1] ?? []);
    expect(stated.filter((name) => !Object.hasOwn(operations, name))).toEqual([]);
  });

  it.each([...Object.keys(eventTypes), ...Object.keys(entryKinds)])('has the event or entry %s', (name) => {
    expect(rows.some((line) => cells(line)[1]?.includes(`\`${name}\``))).toBe(true);
  });

  it('has every error with its code', () => {
    for (const [name, { code }] of Object.entries(errorTable))
      expect(page.replaceAll('\n', ' ')).toContain(`${code} \`${name}\``);
  });

  it('has every reason to close with its code', () => {
    const closing = rows.map(cells).filter(([, code]) => /^\d{4}$/.test(code ?? ''));
    for (const [, code, name] of closing) {
      expect(errorTable[(name ?? '').replaceAll('`', '') as keyof typeof errorTable]).toMatchObject({
        code: Number(code),
      });
    }
    const stated = closing.map(([, code]) => Number(code));
    for (const { code } of Object.values(errorTable))
      if (code >= 1200 && code < 1300) expect(stated).toContain(code);
  });
});
