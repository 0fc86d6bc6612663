import { DiskSet } from '@hongyan/disk-set';
import { type PullContext, runStream } from './context.js';
import { readRows } from './read-rows.js';
import type { Row } from './types.js';
import { type ItemsCursor, itemsOf, walkItems } from './walk-items.js';

interface Group {
  readonly conversation: string;
  readonly members: readonly string[];
}

/** Members that are asked about before the walk may note how far it is. */
const perPage = 25;

/**
 * How much is unread: rows `{conversation, client, count}`, without those who have read all. LeanCloud tells it for one client and
 * conversation at a time, and at most 100: each client's sum is asked first, and where it is 0 nothing else.
 */
export async function pullUnread(context: PullContext): Promise<void> {
  const { source } = context;
  const countOf = async (client: string, conversation?: string): Promise<number> => {
    const path = `1.2/rtm/clients/${encodeURIComponent(client)}/unread-count`;
    const { count } = await source.get<{ count?: unknown }>(path, { conv_id: conversation });
    return typeof count === 'number' && count > 0 ? count : 0;
  };
  await runStream<ItemsCursor>(
    context,
    'unread',
    { kind: 'snapshot' },
    () => ({ items: 0 }),
    async (writer, cursor) => {
      const read = new DiskSet(context.folder.path);
      const unread = new DiskSet(context.folder.path);
      const hasUnread = async (client: string): Promise<boolean> => {
        if (read.has(client)) return false;
        if (unread.has(client)) return true;
        const some = (await countOf(client)) > 0;
        (some ? unread : read).add(client);
        return some;
      };
      try {
        return await walkItems<Group, number>({
          context,
          stream: 'unread',
          writer,
          cursor,
          // A conversation that changed since the first pull has several rows; later answers count.
          items: itemsOf(readRows(context.folder.path, 'conversations'), groupOf),
          async page({ conversation, members }, from = 0) {
            const rows: Row[] = [];
            for (const client of members.slice(from, from + perPage)) {
              const count = (await hasUnread(client)) ? await countOf(client, conversation) : 0;
              if (count > 0) rows.push({ conversation, client, count });
            }
            return from + perPage < members.length ? { rows, next: from + perPage } : { rows };
          },
          refused: ({ conversation }, { message }) => ({ conversation, refused: message }),
        });
      } finally {
        read.close();
        unread.close();
      }
    },
  );
}

/** Rooms and services have no unread that could be asked for by member. */
function groupOf({ objectId, m, sys, tr }: Row): Group | undefined {
  if (typeof objectId !== 'string' || !Array.isArray(m) || sys === true || tr === true) return undefined;
  const members = m.filter((client): client is string => typeof client === 'string' && client !== '');
  return { conversation: objectId, members };
}
