import { ChangeMarks } from './change-marks.js';
import { type Database, openWriteConnection } from './database.js';
import { decodeCursor, encodeCursor } from './keys.js';
import { migrate } from './migrations.js';
import { WriteContext } from './write-context.js';

const made: Database[] = [];
function store(): Database {
  const db = openWriteConnection(':memory:');
  migrate(db);
  made.push(db);
  return db;
}
afterEach(() => {
  for (const db of made.splice(0)) db.close();
});

describe('cursors', () => {
  const parts = [[true, 1_700_000_000_000, 4_711], { rev: 42, time: 7 }, null, 'ä'];

  it('come back as they went, and are the same for the same', () => {
    const db = store();
    expect(decodeCursor(db, encodeCursor(db, parts))).toEqual(parts);
    expect(encodeCursor(db, parts)).toBe(encodeCursor(db, parts));
    expect(decodeCursor(db, undefined)).toBeUndefined();
  });

  it('tell their holder nothing', () => {
    const db = store();
    const bytes = Buffer.from(encodeCursor(db, parts), 'base64url').toString('latin1');
    for (const word of ['4711', '42', 'rev', 'true']) expect(bytes).not.toContain(word);
  });

  it('are refused when garbled, forged or of another store', () => {
    const db = store();
    const cursor = encodeCursor(db, parts);
    const forged = Buffer.from(JSON.stringify(parts)).toString('base64url');
    for (const wrong of ['', 'x', forged, `${cursor.slice(0, -3)}AAA`, cursor.slice(0, 30)])
      expect(decodeCursor(db, wrong)).toBeUndefined();
    expect(decodeCursor(store(), cursor)).toBeUndefined();
  });
});

it('revisions rise, and do not count', () => {
  const w = new WriteContext(store(), new ChangeMarks());
  const [first, second] = [w.nextRev(1), w.nextRev(1)];
  expect(second).toBeGreaterThan(first);
  expect(first).toBeGreaterThan(1e15);
  expect(second).toBeLessThan(Number.MAX_SAFE_INTEGER);
});
