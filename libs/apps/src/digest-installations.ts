import { createHash } from 'node:crypto';
import type { AppId } from '@hongyan/protocol';
import { type InstallationDigest, type InstallationStore, installationLine } from './installation-ports.js';

const page = 1_000;

/** What an app has of installations, to be compared with where they came from. A page at a time: others need not wait. */
export async function digestInstallations(store: InstallationStore, app: AppId): Promise<InstallationDigest> {
  const hash = createHash('sha256');
  let count = 0;
  for (let after: string | undefined; ;) {
    const some = await store.page(app, { ...(after === undefined ? {} : { after }), limit: page });
    for (const { id, record } of some) hash.update(installationLine(id, record));
    count += some.length;
    after = some.at(-1)?.id;
    if (some.length < page) return { count, records: hash.digest('hex') };
  }
}
