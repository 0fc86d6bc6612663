import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { append, make, message } from '../../conversations/src/fixtures.contract.js';
import { openSqliteStore } from './open-store.js';

it('what holds messages is its owner’s only, also in a folder that others may look into', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hongyan-private-'));
  chmodSync(folder, 0o755);
  const copy = mkdtempSync(join(tmpdir(), 'hongyan-private-copy-'));
  const store = await openSqliteStore({ folder, threads: false });
  try {
    await append(store, await make(store), [message('ann', 'hi')]);
    await store.backup(copy);
    const modes = (of: string) =>
      readdirSync(of)
        .filter((file) => file.startsWith('hongyan.db'))
        .map((file) => [file, (statSync(join(of, file)).mode & 0o777).toString(8)]);
    expect(modes(folder)).toEqual([
      ['hongyan.db', '600'],
      ['hongyan.db-shm', '600'],
      ['hongyan.db-wal', '600'],
    ]);
    expect(modes(copy)).toEqual([['hongyan.db', '600']]);
  } finally {
    await store.close();
    for (const path of [folder, copy]) rmSync(path, { recursive: true });
  }
});
