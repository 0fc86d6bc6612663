import { randomBytes } from 'node:crypto';
import type { Faults } from './database.js';
import { MongoDatabase } from './database.js';
import { MongoConversationStore } from './mongo-conversation-store.js';
import { MongoLogStore } from './mongo-log-store.js';
import { MongoMemberStore } from './mongo-member-store.js';

/** Databases of their own for the suites, on the server that jest's global setup started. */

const newDatabaseName = (): string => `hongyan_test_${randomBytes(6).toString('hex')}`;

export interface OpenOptions {
  readonly name?: string;
  readonly faults?: Faults;
  readonly monitorCommands?: boolean;
}

/** One instance of the store with a connection of its own. Instances with one name share the data. */
export async function openTestStore({ name = newDatabaseName(), ...options }: OpenOptions = {}) {
  const uri = process.env.HONGYAN_TEST_MONGODB_URI;
  if (uri === undefined)
    throw new Error('jest did not start a MongoDB-protocol server: see test/mongo-server');
  const db = await MongoDatabase.open({ uri, database: name, ...options });
  return {
    db,
    name,
    log: new MongoLogStore(db),
    members: new MongoMemberStore(db),
    conversations: new MongoConversationStore(db),
    close: () => db.close(),
    drop: async () => {
      await db.connection.dropDatabase();
      await db.close();
    },
  };
}

export type TestStore = Awaited<ReturnType<typeof openTestStore>>;
