import { DiskSet } from '@hongyan/disk-set';
import { type PullContext, runStream } from './context.js';
import type { SourceRefusal } from './errors.js';
import { historyPage, placeOf } from './history-page.js';
import { newRows } from './new-rows.js';
import { readRows } from './read-rows.js';
import { type StreamWriter, readState, rowsOf, validParts } from './stream-writer.js';
import type { Row } from './types.js';
import { type ItemPage, type ItemsCursor, itemsOf, walkItems } from './walk-items.js';

/** What must be asked conversation by conversation: LeanCloud has no list of it for the whole app. */

type ConversationKind = 'ordinary' | 'room' | 'service';

interface Conversation {
  readonly id: string;
  readonly kind: ConversationKind;
}

const paths: Readonly<Record<ConversationKind, string>> = {
  ordinary: '1.2/rtm/conversations',
  room: '1.2/rtm/chatrooms',
  service: '1.2/rtm/service-conversations',
};

const pathOf = ({ kind, id }: Conversation): string => `${paths[kind]}/${encodeURIComponent(id)}`;

interface ListAnswer {
  readonly client_ids?: readonly string[];
  readonly next?: string | number | null;
}

interface Subscription {
  readonly service: string;
  readonly client: string;
}

const silencedKinds = new Set<ConversationKind>(['ordinary', 'room']);
const serviceKind = new Set<ConversationKind>(['service']);

/** Who may not speak: rows `{conversation, clients}`, of conversations where somebody is; long lists are several rows. */
export const pullSilenced = (context: PullContext): Promise<void> =>
  pullOfConversations<string>(context, 'silenced', silencedKinds, (conversation, next) =>
    listPage(context, conversation, 'permanent-silenceds', next),
  );

/** Who may not come in: rows as of `silenced`. */
export const pullBlocked = (context: PullContext): Promise<void> =>
  pullOfConversations<string>(context, 'blocked', undefined, (conversation, next) =>
    listPage(context, conversation, 'blacklists', next),
  );

/** Roles, where the class that holds them cannot be scanned: rows `{conversation, clientId, role, objectId}`. */
export const pullMemberInfos = (context: PullContext): Promise<void> =>
  pullOfConversations<number>(
    context,
    'member-infos-asked',
    silencedKinds,
    async (conversation, skip = 0) => {
      const answer = await context.source.get<{ results?: readonly Row[] }>(
        `${pathOf(conversation)}/member-infos`,
        {
          limit: 100,
          skip,
        },
      );
      const results = answer.results ?? [];
      return {
        rows: results.map((row) => ({ conversation: conversation.id, ...row })),
        next: results.length === 0 ? undefined : skip + results.length,
      };
    },
  );

/** Subscribers of service conversations, as LeanCloud lists them. */
export const pullSubscriptions = (context: PullContext): Promise<void> =>
  pullOfConversations<string>(context, 'subscriptions', serviceKind, async (conversation, after) => {
    const path = `${pathOf(conversation)}/subscribers`;
    const rows = await context.source.get<readonly Row[]>(path, { limit: 50, client_id: after });
    const last = rows.at(-1)?.['subscriber'];
    // Some lists begin with the cursor itself: it is not new.
    const fresh = rows.filter(({ subscriber }) => subscriber !== after);
    return { rows: fresh, next: fresh.length > 0 && typeof last === 'string' ? last : undefined };
  });

/** Broadcasts that are not over: rows `{service, broadcast}`. */
export const pullBroadcasts = (context: PullContext): Promise<void> =>
  pullOfConversations<number>(context, 'broadcasts', serviceKind, async ({ id }, skip = 0) => {
    const answer = await context.source.get<readonly Row[] | { results?: readonly Row[] }>(
      '1.2/rtm/broadcasts',
      {
        conv_id: id,
        limit: 100,
        skip,
      },
    );
    const found = Array.isArray(answer) ? (answer as Row[]) : ((answer as { results?: Row[] }).results ?? []);
    return {
      rows: found.map((broadcast) => ({ service: id, broadcast })),
      next: found.length === 0 ? undefined : skip + found.length,
    };
  });

interface ThreadsCursor extends ItemsCursor {
  /** Messages older than this of subscriptions that were known are in the folder. */
  readonly floor: number;
  readonly nextFloor: number;
}

/** What a service account and its subscribers wrote each other: rows `{service, client, message}`, newest first of each. */
export async function pullThreads(context: PullContext): Promise<void> {
  const total = await storedRows(context, 'subscriptions');
  await runStream<ThreadsCursor>(
    context,
    'threads',
    {
      kind: 'append',
      rangeOf: ({ message }) => (message === undefined ? undefined : placeOf(message as Row).timestamp),
    },
    (last) => ({
      floor: last === undefined ? 0 : last.nextFloor,
      nextFloor: context.source.serverTime - context.reReadMs,
      items: 0,
    }),
    async (writer, begun) => {
      const stored = new DiskSet(context.folder.path);
      try {
        if (begun.floor > 0) await addStoredThreads(stored, context.folder.path, begun.floor);
        const { unavailable } = await walkItems<Subscription, Row>({
          context,
          stream: 'threads',
          writer: withCursor(writer, begun),
          cursor: begun,
          total,
          items: itemsOf(readRows(context.folder.path, 'subscriptions'), subscriptionOf),
          async page({ service, client }, after) {
            const path = `${paths.service}/${encodeURIComponent(service)}/subscribers/${encodeURIComponent(client)}/messages`;
            const page = await historyPage(context, path, after && placeOf(after));
            const known = stored.has(threadOf(service, client));
            const rows = known ? page.filter((row) => placeOf(row).timestamp >= begun.floor) : page;
            return {
              rows: newRows(
                stored,
                rows.map((message) => ({ service, client, message })),
              ),
              next: rows.length === page.length ? page.at(-1) : undefined,
            };
          },
          refused: ({ service, client }, { message }) => ({ service, client, refused: message }),
        });
        return { cursor: { ...begun, at: undefined, inner: undefined, items: 0 }, unavailable };
      } finally {
        stored.close();
      }
    },
  );
}

/** The floors stay in the cursor that the walk writes. */
const withCursor = (
  writer: StreamWriter,
  { floor, nextFloor }: ThreadsCursor,
): Pick<StreamWriter, 'append' | 'checkpoint' | 'rows'> => ({
  get rows() {
    return writer.rows;
  },
  append: (rows) => writer.append(rows),
  checkpoint: (cursor) => writer.checkpoint({ ...(cursor as ItemsCursor), floor, nextFloor }),
});

const threadOf = (service: string, client: string): string => `${service}\n${client}`;

/** The threads that are known, and their rows of the window that is looked through again. */
async function addStoredThreads(stored: DiskSet, root: string, floor: number): Promise<void> {
  for await (const { row, text } of readRows(root, 'threads')) {
    if (row['message'] === undefined) continue;
    stored.add(threadOf(row['service'] as string, row['client'] as string));
    if (placeOf(row['message'] as Row).timestamp >= floor) stored.add(text);
  }
}

async function pullOfConversations<I>(
  context: PullContext,
  stream: string,
  kinds: ReadonlySet<ConversationKind> | undefined,
  page: (conversation: Conversation, inner: I | undefined) => Promise<ItemPage<I>>,
): Promise<void> {
  const total = kinds === serviceKind ? undefined : await storedRows(context, 'conversations');
  await runStream<ItemsCursor>(
    context,
    stream,
    { kind: 'snapshot' },
    () => ({ items: 0 }),
    (writer, cursor) =>
      walkItems<Conversation, I>({
        context,
        stream,
        writer,
        cursor,
        total,
        items: conversationsOf(context, kinds),
        page,
        refused: ({ id }, { message }: SourceRefusal) => ({ conversation: id, refused: message }),
      }),
  );
}

/** Every conversation once, though its row may have been stored by several pulls. */
async function* conversationsOf({ folder }: PullContext, kinds: ReadonlySet<ConversationKind> | undefined) {
  const seen = new DiskSet(folder.path);
  try {
    yield* itemsOf(readRows(folder.path, 'conversations'), (row): Conversation | undefined => {
      const id = row['objectId'];
      if (typeof id !== 'string') return undefined;
      const kind = row['sys'] === true ? 'service' : row['tr'] === true ? 'room' : 'ordinary';
      return kinds?.has(kind) !== false && seen.add(id) ? { id, kind } : undefined;
    });
  } finally {
    seen.close();
  }
}

async function listPage(
  { source }: PullContext,
  conversation: Conversation,
  list: string,
  next: string | undefined,
): Promise<ItemPage<string>> {
  const answer = await source.get<ListAnswer>(`${pathOf(conversation)}/${list}`, { limit: 100, next });
  const clients = answer.client_ids ?? [];
  const following = answer.next === undefined || answer.next === null ? '' : String(answer.next);
  return {
    rows: clients.length === 0 ? [] : [{ conversation: conversation.id, clients }],
    next: following === '' || following === next || clients.length === 0 ? undefined : following,
  };
}

const subscriptionOf = ({ conv_id: service, subscriber: client }: Row): Subscription | undefined =>
  typeof service === 'string' && typeof client === 'string' ? { service, client } : undefined;

async function storedRows({ folder }: PullContext, stream: string): Promise<number> {
  const state = await readState(folder.path, stream);
  return state === undefined ? 0 : rowsOf(validParts(state));
}
