import type { MemberItem, MemberStore } from '@hongyan/conversations';
import type { AppId, ClientId, ConversationId, Role } from '@hongyan/protocol';
import type { Collections } from './schema.js';

/** Paged reads of a conversation's members. Guests know a system conversation by their thread only and are left out. */

const roles: readonly Role[] = ['owner', 'manager', 'member'];

const encode = (parts: readonly string[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');

function decode(cursor: string | undefined, length: number): readonly string[] | undefined {
  if (cursor === undefined) return undefined;
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const valid =
      Array.isArray(parts) && parts.length === length && parts.every((part) => typeof part === 'string');
    return valid ? parts : undefined;
  } catch {
    return undefined;
  }
}

export async function memberPage(
  { members }: Pick<Collections, 'members'>,
  app: AppId,
  conversation: ConversationId,
  page: {
    readonly role?: Role;
    readonly limit: number;
    readonly cursor?: string;
    readonly after?: ClientId;
  },
): ReturnType<MemberStore['members']> {
  const start =
    page.after !== undefined && page.role !== undefined ? [page.role, page.after] : decode(page.cursor, 2);
  const [lastRole, lastClient = ''] = start ?? [];
  const wanted = roles.filter((role) => page.role === undefined || role === page.role);
  const found: MemberItem[] = [];
  for (const role of wanted.slice(
    Math.max(
      0,
      wanted.findIndex((one) => one === lastRole),
    ),
  )) {
    if (found.length > page.limit) break;
    const rows = await members
      .find({
        app,
        conversation,
        in: true,
        role,
        ...(role === lastRole ? { client: { $gt: lastClient } } : {}),
      })
      .sort({ client: 1 })
      .limit(page.limit + 1 - found.length)
      .toArray();
    found.push(
      ...rows.map(({ client, joinedAt, muteUntil }) => ({
        ...{ client: client as ClientId, role, joinedAt },
        ...(muteUntil === undefined ? {} : { muteUntil }),
      })),
    );
  }
  const items = found.slice(0, page.limit);
  const last = items.at(-1);
  return {
    items,
    ...(found.length > page.limit && last !== undefined ? { cursor: encode([last.role, last.client]) } : {}),
  };
}

/** Who joined after the message could not receive it and is not counted, though the cursor began above it. */
export async function receiptPage(
  { members, entries }: Pick<Collections, 'members' | 'entries'>,
  app: AppId,
  conversation: ConversationId,
  seq: number,
  author: ClientId | '',
  page: { readonly kind: 'delivered' | 'read'; readonly limit: number; readonly cursor?: string },
): ReturnType<MemberStore['receipts']> {
  const could = { app, conversation, in: true, role: { $in: [...roles] }, joinedSeq: { $lte: seq } };
  const others = { ...could, client: { $ne: author } };
  const field = page.kind === 'read' ? 'readSeq' : 'deliveredSeq';
  const [after] = decode(page.cursor, 1) ?? [];
  const [of, delivered, read, rows] = await Promise.all([
    members.countDocuments(others),
    members.countDocuments({ ...others, deliveredSeq: { $gte: seq } }),
    members.countDocuments({ ...others, readSeq: { $gte: seq } }),
    members
      .find({
        ...could,
        [field]: { $gte: seq },
        client: { $ne: author, ...(after === undefined ? {} : { $gt: after }) },
      })
      .sort({ client: 1 })
      .limit(page.limit + 1)
      .toArray(),
  ]);
  const items = rows.slice(0, page.limit);
  const at = await entries
    .find({ app, conversation, seq: { $in: [...new Set(items.map((row) => row[field]))] } })
    .project<{ seq: number; time: number }>({ seq: 1, time: 1 })
    .toArray();
  const times = new Map(at.map((entry) => [entry.seq, entry.time]));
  const last = items.at(-1);
  return {
    items: items.map((row) => ({ client: row.client as ClientId, time: times.get(row[field]) ?? 0 })),
    ...(rows.length > page.limit && last !== undefined ? { cursor: encode([last.client]) } : {}),
    delivered,
    read,
    of,
  };
}
