import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@hongyan/protocol';
import {
  type SqliteStore,
  StoreVersionError,
  databaseFile,
  openSqliteStore,
  scantMemory,
} from '@hongyan/store-sqlite';
import { StartError } from './start-error.js';

/** The stores of an installation, and their care. */
export type Store = SqliteStore;

export interface StoreCare {
  /** False: the store works in the calling thread. For tests. */
  readonly threads?: boolean;
  /** Keeps few pages in memory: for the server that a command runs for itself. */
  readonly scant?: boolean;
}

/** Has there ever been a store in the folder? */
export const holdsStore = (folder: string): boolean => existsSync(join(folder, databaseFile));

/** Throws {@link StartError}: held by another process, of a newer version, no space, damaged. */
export async function openStore(
  folder: string,
  onFailure: (error: Error) => void,
  { threads = true, scant = false }: StoreCare = {},
): Promise<Store> {
  try {
    return await openSqliteStore({ folder, threads, onFailure, ...(scant ? { memory: scantMemory } : {}) });
  } catch (cause) {
    throw new StartError(reasonOf(cause, folder), { cause });
  }
}

function reasonOf(error: unknown, folder: string): string {
  if (error instanceof AppError && error.error === 'in_use') {
    return `the data folder ${folder} is in use by another process: stop it, or use it`;
  }
  if (error instanceof AppError && error.error === 'storage_full')
    return `there is no space left for ${folder}`;
  if (error instanceof StoreVersionError) return `the data folder ${folder} cannot be used: ${error.message}`;
  return `the data folder ${folder} cannot be opened: ${error instanceof Error ? error.message : String(error)}`;
}

/** True for the refusal of {@link openStore} because another process holds the folder. */
export const heldByOther = (error: unknown): boolean =>
  error instanceof StartError && error.cause instanceof AppError && error.cause.error === 'in_use';
