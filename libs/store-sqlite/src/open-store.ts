import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AppStore, InstallationStore } from '@hongyan/apps';
import type {
  ClientStore,
  ConversationStore,
  ImportStore,
  LogStore,
  MemberStore,
  NotificationStore,
  TimelineStore,
  RetentionStore,
} from '@hongyan/conversations';
import type { RevocationStore } from '@hongyan/sessions';
import { backupTo } from './backup.js';
import type { BackupProgress } from './backup.js';
import { ChangeMarks } from './change-marks.js';
import { Channel } from './channel.js';
import type { ChannelOptions, Engine } from './channel.js';
import type { Channels } from './channels.js';
import type { CheckReport } from './check.js';
import { openReadConnection, openWriteConnection } from './database.js';
import type { StoreMemory } from './database.js';
import { LocalEngine, ThreadEngine } from './engines.js';
import { lockFolder } from './folder-lock.js';
import { migrate } from './migrations.js';
import { makePrivateFile } from './private-file.js';
import { Reader } from './reader.js';
import type { Reads } from './reader.js';
import { defaultLimits, RememberedRows } from './remembered-rows.js';
import type { RememberLimits } from './remembered-rows.js';
import { SqliteAppStore } from './sqlite-app-store.js';
import { SqliteClientStore } from './sqlite-client-store.js';
import { SqliteConversationStore } from './sqlite-conversation-store.js';
import { SqliteImportStore } from './sqlite-import-store.js';
import { SqliteLogStore } from './sqlite-log-store.js';
import { SqliteInstallationStore } from './sqlite-installation-store.js';
import { SqliteNotificationStore } from './sqlite-notification-store.js';
import { SqliteTimelineStore } from './sqlite-timeline-store.js';
import { SqliteMemberStore } from './sqlite-member-store.js';
import { SqliteRetentionStore } from './sqlite-retention-store.js';
import { SqliteRevocationStore } from './sqlite-revocation-store.js';
import { bytesOf } from './stats.js';
import type { StoreStats } from './stats.js';
import { Writer } from './writer.js';
import type { Writes } from './writer.js';

export const databaseFile = 'hongyan.db';
const memory = ':memory:';

export interface SqliteStoreOptions {
  /** Made if it does not exist. ':memory:': nothing is kept; implies `threads: false`. */
  readonly folder: string;
  /** Judges what has expired. */
  readonly clock?: () => number;
  /** Reading threads, 1 or 2. */
  readonly readers?: number;
  /** False: everything runs in the calling thread, which waits for the disk. For tests and small tools. */
  readonly threads?: boolean;
  /** Requests that may wait per thread. */
  readonly bound?: number;
  /** Milliseconds after which a request fails with `deadline_exceeded`. */
  readonly timeout?: number;
  /** Told once when a thread ended for good: nothing can be stored or read any more until the store is opened anew. */
  readonly onFailure?: (error: Error) => void;
  /** What each reader remembers of long lists. For tests. */
  readonly remember?: Partial<RememberLimits>;
  /** A server's by default. */
  readonly memory?: StoreMemory;
  /** Pages (4 KB) that the file may grow to. For tests of a full disk. */
  readonly maxPages?: number;
}

export interface SqliteStore {
  readonly log: LogStore;
  readonly conversations: ConversationStore;
  readonly members: MemberStore;
  readonly clients: ClientStore;
  readonly apps: AppStore;
  readonly revocations: RevocationStore;
  readonly imports: ImportStore;
  readonly installations: InstallationStore;
  readonly retention: RetentionStore;
  readonly notifications: NotificationStore;
  readonly timeline: TimelineStore;
  /** Copies the store into `folder`, which must hold none, while it is used. */
  backup(folder: string, onProgress?: (progress: BackupProgress) => void): Promise<void>;
  /** Reads everything and compares what was derived with the logs. Takes long; nothing waits for it. */
  check(): Promise<CheckReport>;
  stats(): Promise<StoreStats>;
  /** Answers what was asked, writes everything into the one file and lets go of the folder. */
  close(): Promise<void>;
}

/** Throws StoreVersionError, AppError `in_use`, or what the file system says. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  if (options.folder === memory) return assemble(options, memoryEngines(options), memory, () => undefined);
  mkdirSync(options.folder, { recursive: true });
  const unlock = lockFolder(options.folder);
  try {
    const path = join(options.folder, databaseFile);
    prepare(path);
    const engines =
      options.threads === false ? localEngines(path, options) : await threadEngines(path, options);
    return assemble(options, engines, path, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Migrates before any thread looks at the tables. */
function prepare(path: string): void {
  makePrivateFile(path);
  const db = openWriteConnection(path);
  try {
    migrate(db);
  } finally {
    db.close();
  }
}

interface Engines {
  readonly writer: Engine;
  /** Keeps the writer from waiting for the file; without it the writer copies by itself. */
  readonly checkpointer?: Engine;
  readonly readers: readonly Engine[];
  /** One more reader, for what takes long. Whoever asked for it closes it. */
  readonly extraReader: () => Promise<Engine>;
}

const limits = ({ remember }: SqliteStoreOptions): RememberLimits => ({ ...defaultLimits, ...remember });
const limited = ({ maxPages, memory: pages }: SqliteStoreOptions) => ({
  ...(maxPages === undefined ? {} : { maxPages }),
  ...(pages === undefined ? {} : { memory: pages }),
});

function localEngines(path: string, options: SqliteStoreOptions): Engines {
  const marks = new ChangeMarks();
  const reader = (remembered?: RememberedRows) =>
    new LocalEngine(new Reader(openReadConnection(path, options.memory), Date.now, remembered));
  return {
    writer: new LocalEngine(new Writer(openWriteConnection(path, limited(options)), Date.now, marks)),
    readers: [reader(new RememberedRows(marks, limits(options)))],
    extraReader: () => Promise.resolve(reader()),
  };
}

function memoryEngines(options: SqliteStoreOptions): Engines {
  const db = openWriteConnection(memory);
  migrate(db);
  const marks = new ChangeMarks();
  const reader = (remembered?: RememberedRows) => {
    const shared = new Reader(db, Date.now, remembered);
    shared.close = () => undefined; // the connection is the writer's
    return new LocalEngine(shared);
  };
  return {
    writer: new LocalEngine(new Writer(db, Date.now, marks)),
    readers: [reader(new RememberedRows(marks, limits(options)))],
    extraReader: () => Promise.resolve(reader()),
  };
}

async function threadEngines(path: string, options: SqliteStoreOptions): Promise<Engines> {
  const start = (script: string, more = {}) =>
    ThreadEngine.start(new URL(script, import.meta.url), {
      path,
      ...(options.memory === undefined ? {} : { memory: options.memory }),
      ...more,
    });
  const { memory: marks } = new ChangeMarks();
  const reader = () => start('./reader-thread.js', { marks, remember: limits(options) });
  const count = Math.min(2, Math.max(1, options.readers ?? 1));
  const [writer, checkpointer, ...readers] = await Promise.all([
    start('./writer-thread.js', { marks, ...limited(options) }),
    start('./checkpoint-thread.js'),
    ...Array.from({ length: count }, reader),
  ]);
  return { writer, checkpointer, readers, extraReader: () => start('./reader-thread.js') };
}

function assemble(
  options: SqliteStoreOptions,
  engines: Engines,
  path: string,
  unlock: () => void,
): SqliteStore {
  const { bound = 20_000, timeout = 10_000, clock = Date.now } = options;
  const settings: ChannelOptions = { bound, timeout };
  const write = new Channel<Writes>(engines.writer, settings);
  const readers = engines.readers.map((engine) => new Channel<Reads>(engine, settings));
  let turn = 0;
  const channels: Channels = {
    write,
    get read() {
      turn = (turn + 1) % readers.length;
      return readers[turn] as Channel<Reads>;
    },
    now: clock,
  };
  let closing: Promise<void> | undefined;
  const { checkpointer } = engines;
  const threads = [engines.writer, ...engines.readers, ...(checkpointer === undefined ? [] : [checkpointer])];
  for (const engine of threads) {
    engine.onFailure((error) => {
      if (closing === undefined) options.onFailure?.(error);
    });
  }
  const close = async () => {
    await Promise.all([checkpointer?.close(), ...readers.map((reader) => reader.close())]);
    await write.close();
    unlock();
  };
  return {
    log: new SqliteLogStore(channels),
    conversations: new SqliteConversationStore(channels),
    members: new SqliteMemberStore(channels),
    clients: new SqliteClientStore(channels),
    apps: new SqliteAppStore(channels),
    revocations: new SqliteRevocationStore(channels),
    imports: new SqliteImportStore(channels),
    installations: new SqliteInstallationStore(channels),
    retention: new SqliteRetentionStore(channels),
    notifications: new SqliteNotificationStore(channels),
    timeline: new SqliteTimelineStore(channels),
    async backup(folder, onProgress) {
      if (path === memory) throw new Error('a store in memory has no file to copy');
      await backupTo(path, join(folder, databaseFile), onProgress);
    },
    async check() {
      const reader = new Channel<Reads>(await engines.extraReader(), { bound: 1, timeout: 24 * 3_600_000 });
      try {
        return await reader.call('check');
      } finally {
        await reader.close();
      }
    },
    async stats() {
      return { bytes: path === memory ? 0 : bytesOf(path), ...(await channels.read.call('rowCounts')) };
    },
    close: () => (closing ??= close()),
  };
}
