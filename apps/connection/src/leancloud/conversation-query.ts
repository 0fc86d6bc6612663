import {
  CommandType,
  OpType,
  type ConvCommand,
  isObject,
  conversationRow,
  type RowParts,
  nativeSort,
  nativeWhere,
} from '@hongyan/leancloud';
import {
  AppError,
  isConversationId,
  type JsonObject,
  type MemberView,
  type QueriedConversation,
} from '@hongyan/protocol';
import { distinct, parseJson, type Call, type Reply } from './calls.js';

const defaultLimit = 10;
const most = 1000;
const flags = { compact: 1, withLastMessage: 2 };

/** `conv/query`: by filter, or temporary conversations by id. */
export async function queryConversations(call: Call): Promise<Reply> {
  const { convMessage: conv = {} } = call.command;
  const flag = conv.flag ?? 0;
  const views =
    (conv.tempConvIds?.length ?? 0) > 0
      ? await temporaryOnes(call, conv.tempConvIds)
      : await byFilter(call, conv, flag);
  const rows: RowParts[] = [];
  // A few at a time: what a page did not tell must not take the store for itself.
  for (let i = 0; i < views.length; i += 20)
    rows.push(...(await Promise.all(views.slice(i, i + 20).map((view) => rowParts(call, view, flag)))));
  const now = Date.now();
  const data = JSON.stringify(rows.map((row) => conversationRow(row, now)));
  return { cmd: CommandType.conv, op: OpType.results, convMessage: { results: { data } } };
}

async function byFilter(call: Call, conv: ConvCommand, flag: number): Promise<QueriedConversation[]> {
  const limit = Math.min(conv.limit ?? defaultLimit, most);
  if (limit <= 0) return [];
  const where = parseJson(conv.where?.data, 'where');
  const given = isObject(where) && Object.keys(where).length > 0 ? nativeWhere(where) : undefined;
  const single = given === undefined ? undefined : idOf(given);
  if (single !== undefined) return await existing(call, [single]);
  let skip = Math.max(0, Math.min(conv.skip ?? 0, most * 10));
  const found: QueriedConversation[] = [];
  let cursor: string | undefined;
  do {
    const page = await call.calls.run(call.session, 'conversation.query', {
      ...(given === undefined ? {} : { where: given }),
      sort: nativeSort(conv.sort),
      own: true,
      members: wantsMembers(flag),
      limit: Math.min(call.calls.pageOf(call.session), limit + skip - found.length),
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.items.slice(skip));
    skip = Math.max(0, skip - page.items.length);
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < limit);
  return found.slice(0, limit);
}

/** The look-up by id that these clients make for each conversation they do not know yet; in Objective-C as a list of one condition. */
function idOf(where: JsonObject): string | undefined {
  const [[name, value] = [], ...rest] = Object.entries(where);
  if (rest.length > 0) return undefined;
  if (name === '$and' && Array.isArray(value) && value.length === 1)
    return isObject(value[0]) ? idOf(value[0] as JsonObject) : undefined;
  return name === 'id' && typeof value === 'string' ? value : undefined;
}

async function existing(call: Call, ids: readonly string[]): Promise<QueriedConversation[]> {
  const found = await Promise.all(
    ids.filter(isConversationId).map(async (conversation) => {
      try {
        return await call.calls.run(call.session, 'conversation.get', { conversation });
      } catch (error) {
        if (error instanceof AppError && !error.definition.temporary) return undefined;
        throw error;
      }
    }),
  );
  return found.filter((one) => one !== undefined);
}

const temporaryOnes = (call: Call, ids: readonly string[] | undefined): Promise<QueriedConversation[]> =>
  existing(
    call,
    distinct(ids)
      .flatMap((id) => idsIn(id))
      .slice(0, 100),
  );

/** Some clients put a JSON list where a list of texts belongs. */
function idsIn(id: string): string[] {
  if (!id.startsWith('[')) return [id];
  const list = parseJson(id, 'tempConvIds');
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}

const wantsMembers = (flag: number): boolean => (flag & flags.compact) === 0;

/** A page tells everything but the members of large conversations; a look-up by id no members at all. */
async function rowParts(call: Call, found: QueriedConversation, flag: number): Promise<RowParts> {
  const { conversation, own, lastMessage } = found;
  call.calls.learnKind(call.session, conversation.id, conversation.kind);
  return {
    conversation,
    ...(wantsMembers(flag) ? await membersOf(call, found) : {}),
    ...(own === undefined ? {} : { own }),
    ...((flag & flags.withLastMessage) !== 0 && lastMessage !== undefined ? { lastMessage } : {}),
  };
}

/** All members, and who of them muted it if clients may know; rooms and services list none. */
async function membersOf(
  { calls, session }: Call,
  { conversation: { id, kind }, members, muted }: QueriedConversation,
): Promise<Pick<RowParts, 'members' | 'muted'>> {
  if (members !== undefined) return { members, ...(muted === undefined ? {} : { muted }) };
  if (kind === 'room' || kind === 'system') return { members: [] };
  const all: MemberView[] = [];
  let cursor: string | undefined;
  do {
    const page = await calls.run(session, 'conversation.members', {
      conversation: id,
      limit: calls.pageOf(session),
      ...(cursor === undefined ? {} : { cursor }),
    });
    all.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return {
    members: all.map(({ client }) => client),
    ...(calls.appOf(session).conversations.mutesShown
      ? { muted: all.filter((member) => member.muted).map(({ client }) => client) }
      : {}),
  };
}
