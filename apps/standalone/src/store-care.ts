import { AppError } from '@hongyan/protocol';
import type { StoreCare } from '../../tenant-admin/src/parts.js';
import type { Store } from './open-store.js';

/** Backup and check, of a store that can. */
export function storeCare(store: Store & Partial<StoreCare>): StoreCare {
  const missing = (what: string) =>
    Promise.reject(new AppError('unavailable', { detail: `this store has no ${what}` }));
  return {
    backup: (file) => store.backup?.(file) ?? missing('backup'),
    check: () => store.check?.() ?? missing('check'),
  };
}
