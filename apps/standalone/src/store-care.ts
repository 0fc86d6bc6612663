import { copyFileSync, constants, existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AppError } from '@hongyan/protocol';
import type { StoreCare } from '../../tenant-admin/src/parts.js';
import { DataFolder, KEY_FILE } from './data-folder.js';
import type { Store } from './open-store.js';

/** What operators may do with the store as a whole. */
export function storeCare(store: Store, folder: DataFolder): StoreCare {
  return {
    async backup(to) {
      if (resolve(to) === folder.path)
        throw new AppError('bad_request', { detail: 'this is the data folder itself' });
      DataFolder.prepare(to);
      if (readdirSync(to).length > 0)
        throw new AppError('already_exists', {
          detail: `${to} is not empty: give another folder, or empty it`,
        });
      const [from, key] = [join(folder.path, KEY_FILE), join(to, KEY_FILE)];
      await store.backup(to);
      // A copy keeps the mode: for its owner only. Without the key the copy's apps could not be opened.
      if (existsSync(from)) copyFileSync(from, key, constants.COPYFILE_EXCL);
    },
    async check() {
      const { findings, ...counts } = await store.check();
      const problems = findings.map(({ what, app, conversation, detail }) =>
        [what, app, conversation, detail].filter((word) => word !== undefined).join(' '),
      );
      return { problems, counts };
    },
  };
}
