import type { Collection, Connection, IndexDefinition } from 'mongoose';
import { Schema } from 'mongoose';
import type {
  ConversationDocument,
  EntryDocument,
  HeadDocument,
  MarkDocument,
  MemberDocument,
  RestrictionDocument,
  RevisionDocument,
} from './documents.js';

/** An index of a collection. Its name tells, in a duplicate-key error, which rule was met. */
export interface DeclaredIndex {
  readonly name: string;
  readonly fields: IndexDefinition & Readonly<Record<string, 1 | -1>>;
  readonly unique?: true;
  readonly sparse?: true;
}

/** The sequencer: only one entry can be n. */
export const sequenceIndex = 'entries_sequence';
/** An operation makes one entry. */
const operationIndex = 'entries_operation';
export const uniqueConversationIndex = 'conversations_unique';

/**
 * Every index there is. A field that may be missing is in no unique index, except alone and sparse: servers disagree
 * on what missing means in the others.
 */
export const declaredIndexes: Readonly<Record<keyof Documents, readonly DeclaredIndex[]>> = {
  entries: [
    { name: sequenceIndex, fields: { app: 1, conversation: 1, seq: 1 }, unique: true },
    { name: operationIndex, fields: { app: 1, conversation: 1, author: 1, op: 1 }, unique: true },
    { name: 'entries_author', fields: { app: 1, conversation: 1, author: 1, seq: 1 } },
  ],
  heads: [],
  conversations: [
    { name: uniqueConversationIndex, fields: { uniqueKey: 1 }, unique: true, sparse: true },
    { name: 'conversations_audience', fields: { app: 1, audience: 1 } },
  ],
  members: [
    { name: 'members_conversation', fields: { app: 1, conversation: 1, in: 1, role: 1, client: 1 } },
    { name: 'members_client', fields: { app: 1, client: 1, in: 1 } },
  ],
  restrictions: [{ name: 'restrictions_conversation', fields: { app: 1, conversation: 1, on: 1 } }],
  marks: [
    { name: 'marks_recalled', fields: { app: 1, conversation: 1, recalled: 1, seq: 1, author: 1 } },
    { name: 'marks_mentioned', fields: { app: 1, conversation: 1, mentioned: 1, seq: 1 } },
    { name: 'marks_everyone', fields: { app: 1, everyone: 1, conversation: 1, seq: 1 } },
  ],
  revisions: [],
};

export interface Documents {
  entries: EntryDocument;
  heads: HeadDocument;
  conversations: ConversationDocument;
  members: MemberDocument;
  restrictions: RestrictionDocument;
  marks: MarkDocument;
  revisions: RevisionDocument;
}

export type Collections = { readonly [Name in keyof Documents]: Collection<Documents[Name]> };

const names = Object.keys(declaredIndexes) as (keyof Documents)[];

/**
 * The collections of a connection. mongoose declares and makes the indexes; documents do not pass through its casting
 * and validation, because this library builds each of them itself.
 */
export function collectionsOf(connection: Connection): Collections {
  const entries = names.map((name) => {
    const schema = new Schema({}, { strict: false, autoCreate: false, autoIndex: false, collection: name });
    for (const { fields, ...options } of declaredIndexes[name]) schema.index({ ...fields }, options);
    return [name, connection.model(name, schema).collection] as const;
  });
  return Object.fromEntries(entries) as unknown as Collections;
}

/** Makes the indexes that are missing. The store must not be used before: they are what keeps its promises. */
export async function makeIndexes(connection: Connection): Promise<void> {
  for (const name of names) await connection.model(name).createIndexes();
}
