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
  type ConversationId,
  type ConversationView,
  type JsonObject,
  type MessageView,
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
      : await byFilter(call, conv);
  const rows: RowParts[] = [];
  // A few at a time: a bulk look-up of a thousand must not take the store for itself.
  for (let i = 0; i < views.length; i += 20)
    rows.push(...(await Promise.all(views.slice(i, i + 20).map((view) => rowParts(call, view, flag)))));
  const now = Date.now();
  const data = JSON.stringify(rows.map((row) => conversationRow(row, now)));
  return { cmd: CommandType.conv, op: OpType.results, convMessage: { results: { data } } };
}

interface Found {
  readonly conversation: ConversationView;
  readonly lastMessage?: MessageView;
}

async function byFilter(call: Call, conv: ConvCommand): Promise<Found[]> {
  const limit = Math.min(conv.limit ?? defaultLimit, most);
  if (limit <= 0) return [];
  const where = parseJson(conv.where?.data, 'where');
  const given = isObject(where) && Object.keys(where).length > 0 ? nativeWhere(where) : undefined;
  const single = given === undefined ? undefined : idOf(given);
  if (single !== undefined) return await existing(call, [single]);
  let skip = Math.max(0, Math.min(conv.skip ?? 0, most * 10));
  const found: Found[] = [];
  let cursor: string | undefined;
  do {
    const page = await call.calls.run(call.session, 'conversation.query', {
      ...(given === undefined ? {} : { where: given }),
      sort: nativeSort(conv.sort),
      limit: Math.min(call.calls.pageOf(call.session), limit + skip - found.length),
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.items.slice(skip));
    skip = Math.max(0, skip - page.items.length);
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < limit);
  return found.slice(0, limit);
}

/** The look-up by id that these clients make for each conversation they do not know yet. */
function idOf(where: JsonObject): string | undefined {
  const [[name, value] = [], ...rest] = Object.entries(where);
  return rest.length === 0 && name === 'id' && typeof value === 'string' ? value : undefined;
}

async function existing(call: Call, ids: readonly string[]): Promise<Found[]> {
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

const temporaryOnes = (call: Call, ids: readonly string[] | undefined): Promise<Found[]> =>
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

async function rowParts(call: Call, found: Found, flag: number): Promise<RowParts> {
  const { conversation } = found;
  call.calls.learnKind(call.session, conversation.id, conversation.kind);
  const wantsMembers = (flag & flags.compact) === 0;
  const wantsLast = (flag & flags.withLastMessage) !== 0;
  const [members, own] = await Promise.all([
    wantsMembers ? membersOf(call, conversation) : undefined,
    call.calls.run(call.session, 'conversation.get', { conversation: conversation.id }),
  ]);
  return {
    conversation: own.conversation,
    ...(members === undefined ? {} : { members }),
    ...(own.own === undefined ? {} : { own: own.own }),
    ...(wantsLast && own.lastMessage !== undefined ? { lastMessage: own.lastMessage } : {}),
  };
}

/** All members; rooms and services list none. */
export async function membersOf(
  { calls, session }: Call,
  { id, kind }: { readonly id: ConversationId; readonly kind: ConversationView['kind'] },
): Promise<readonly string[]> {
  if (kind === 'room' || kind === 'system') return [];
  const members: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await calls.run(session, 'conversation.members', {
      conversation: id,
      limit: calls.pageOf(session),
      ...(cursor === undefined ? {} : { cursor }),
    });
    members.push(...page.items.map(({ client }) => client));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return members;
}
