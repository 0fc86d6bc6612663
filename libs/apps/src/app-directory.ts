import type { AppId } from '@hongyan/protocol';
import { LRUCache } from 'lru-cache';
import { fromStored } from './app-record.js';
import type { AppDirectory, AppStore } from './ports.js';
import type { SecretBox } from './secrets.js';
import type { App } from './types.js';

interface Known {
  readonly app: App | undefined;
  readonly revision: number;
  readonly readAt: number;
}

export interface CachedAppDirectoryOptions {
  readonly store: AppStore;
  readonly secrets: SecretBox;
  readonly now?: () => number;
  /** An answer older than this is read again, in the background; ms. */
  readonly refreshAfter?: number;
  /** A refresh that failed; the last known state goes on being used. */
  readonly onError?: (error: unknown, app: AppId) => void;
  readonly capacity?: number;
  /** Told when an app is read for the first time and whenever it has changed; undefined: unknown or switched off. */
  readonly onRead?: (id: AppId, app: App | undefined) => void;
}

/**
 * Apps in memory. A change made in this process is seen at once ({@link changed}); one of another process within
 * about `refreshAfter` of the next use, since an answer that is older is only used while the store is asked.
 */
export class CachedAppDirectory implements AppDirectory {
  private readonly apps: LRUCache<AppId, Known>;
  private readonly reading = new Map<AppId, Promise<Known>>();
  private readonly now: () => number;
  private readonly refreshAfter: number;

  constructor(private readonly options: CachedAppDirectoryOptions) {
    this.now = options.now ?? Date.now;
    this.refreshAfter = options.refreshAfter ?? 3000;
    this.apps = new LRUCache({ max: options.capacity ?? 10_000 });
  }

  async find(id: AppId): Promise<App | undefined> {
    const known = this.apps.get(id);
    const age = known === undefined ? Infinity : this.now() - known.readAt;
    if (known !== undefined && age <= this.refreshAfter * 2) {
      if (age > this.refreshAfter) this.refresh(id);
      return inUse(known);
    }
    return inUse(await this.read(id));
  }

  known(id: AppId): App | undefined {
    const known = this.apps.get(id);
    if (known === undefined) return undefined;
    if (this.now() - known.readAt > this.refreshAfter) this.refresh(id);
    return inUse(known);
  }

  /** The app was changed here: what is remembered is read again before it is answered. */
  async changed(id: AppId): Promise<void> {
    await this.reading.get(id)?.catch(() => undefined);
    await this.read(id);
  }

  private refresh(id: AppId): void {
    this.read(id).catch((error: unknown) => this.options.onError?.(error, id));
  }

  private read(id: AppId): Promise<Known> {
    const pending = this.reading.get(id);
    if (pending !== undefined) return pending;
    const reading = this.load(id).finally(() => this.reading.delete(id));
    this.reading.set(id, reading);
    return reading;
  }

  private async load(id: AppId): Promise<Known> {
    const readAt = this.now();
    const stored = await this.options.store.app(id);
    const before = this.apps.get(id);
    const same = before !== undefined && stored !== undefined && before.revision === stored.revision;
    const app = same
      ? before.app
      : stored === undefined
        ? undefined
        : fromStored(stored, this.options.secrets);
    const known = { app, revision: stored?.revision ?? 0, readAt };
    this.apps.set(id, known);
    if (before === undefined || before.revision !== known.revision) this.options.onRead?.(id, inUse(known));
    return known;
  }
}

const inUse = ({ app }: Known): App | undefined => (app?.enabled ? app : undefined);
