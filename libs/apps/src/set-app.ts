import { AppError, type AppId } from '@hongyan/protocol';
import { fromStored, toStored } from './app-record.js';
import { newKey } from './keys.js';
import type { AppAdministration } from './ports.js';
import { applySettings, settableOf } from './settings.js';
import { type AppView, viewOf } from './show-app.js';
import type { App } from './types.js';

const ATTEMPTS = 5;
const DAY = 86_400;

/** Reads, changes and saves an app; again when somebody else saved it in between. */
async function change(
  { store, secrets, now, changed }: AppAdministration,
  id: AppId,
  next: (app: App) => App,
  reveal = false,
): Promise<AppView> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const stored = await store.app(id);
    if (stored === undefined) throw new AppError('not_found', { detail: `there is no app ${id}` });
    const app: App = { ...next(fromStored(stored, secrets)), updatedAt: now() };
    const revision = stored.revision + 1;
    const { saved } = await store.saveApp(toStored(app, revision, secrets));
    if (!saved) continue;
    await changed?.(id);
    return viewOf(app, revision, reveal);
  }
  throw new AppError('overloaded', { detail: 'the app is being changed by others' });
}

/** Changes settings by dotted path, all or none: `{ 'limits.members': 500, 'login.unsigned': false }`. */
export function setApp(
  administration: AppAdministration,
  id: AppId,
  changes: Readonly<Record<string, unknown>>,
): Promise<AppView> {
  return change(administration, id, (app) => ({ ...app, ...applySettings(settableOf(app), changes) }));
}

export interface Rotation {
  readonly which: 'appKey' | 'masterKey';
  /** The new key; made when absent. */
  readonly key?: string;
  /** How long the old key is accepted besides, seconds; 0 ends it at once. Default: one day. */
  readonly overlap?: number;
}

/** A second rotation within the overlap ends the oldest key: two are accepted at most. Answers with the new key. */
export function rotateKey(
  administration: AppAdministration,
  id: AppId,
  rotation: Rotation,
): Promise<AppView> {
  const { which, key = newKey(), overlap = DAY } = rotation;
  const rotated = (app: App): App => {
    const before = app[which].current;
    if (before === key) throw new AppError('bad_request', { detail: 'this is the key already' });
    const kept =
      overlap > 0 ? { previous: before, previousUntil: administration.now() + overlap * 1000 } : {};
    return { ...app, [which]: { current: key, ...kept } };
  };
  return change(administration, id, rotated, which === 'masterKey');
}
