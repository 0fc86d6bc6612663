import {
  CommandType,
  QueryDirection,
  storedTypes,
  typeOf,
  type LogsCommand,
  convTypeOf,
} from '@hongyan/leancloud';
import { AppError, type Input, type MessageView } from '@hongyan/protocol';
import { conversationOf, type Call, type Reply } from './calls.js';
import { logItemOf } from './wire-message.js';

const defaultLimit = 20;
const mostPerPage = 100;

type Bound = Input<'message.history'>['before'];

/** `logs`: a page of messages, always ascending by time. */
export async function queryHistory(call: Call): Promise<Reply> {
  const { session, calls, command } = call;
  const { logsMessage: logs = {} } = command;
  const conversation = conversationOf(logs.cid);
  const kind = await calls.kindOf(session, conversation);
  const asked = logs.l ?? logs.limit ?? defaultLimit;
  const limit = Math.min(asked, mostPerPage, calls.pageOf(session));
  const reply = (messages: readonly MessageView[], items: ReturnType<typeof logItemOf>[]): Reply => ({
    cmd: CommandType.logs,
    logsMessage: { cid: conversation, logs: messages.length === 0 ? [] : items },
  });
  const forward = logs.direction === QueryDirection.NEW;
  const start = boundOf(logs.t, logs.mid, logs.tIncluded);
  const end = boundOf(logs.tt, logs.tmid, logs.ttIncluded);
  const messages = await wholePage(call, {
    conversation,
    direction: forward ? 'forward' : 'backward',
    ...named('before', forward ? end : start),
    ...named('after', forward ? start : end),
    ...typesOf(logs),
    limit: Math.max(1, limit),
  });
  if (limit <= 0) return reply([], []);
  const receipt = await receiptOf(call, messages);
  const convType = convTypeOf(kind);
  return reply(
    messages,
    messages.map((message) => logItemOf(message, convType, message.from === session.client ? receipt : {})),
  );
}

/** Long messages make short pages; these clients take a page that is not full for the last one. */
async function wholePage(
  { session, calls }: Call,
  query: Input<'message.history'> & { readonly limit: number },
): Promise<readonly MessageView[]> {
  const forward = query.direction === 'forward';
  let messages: readonly MessageView[] = [];
  let bound = {};
  for (;;) {
    const limit = query.limit - messages.length;
    const page = await calls.run(session, 'message.history', { ...query, ...bound, limit });
    messages = forward ? [...messages, ...page.messages] : [...page.messages, ...messages];
    const last = page.messages.at(forward ? -1 : 0);
    if (!page.more || last === undefined || messages.length >= query.limit) return messages;
    bound = named(forward ? 'after' : 'before', { message: last.id, time: last.time });
  }
}

const named = (name: 'before' | 'after', bound: Bound) => (bound === undefined ? {} : { [name]: bound });

/** Clients that do not mean a time send none, or zero. A message is named beside its time, or alone. */
function boundOf(time = 0, mid = '', isInclusive = false): Bound {
  if (time <= 0 && mid === '') return undefined;
  return {
    ...(time > 0 ? { time } : {}),
    ...(mid.length < 3 || mid.length > 80 ? {} : { message: mid }),
    ...(isInclusive ? { inclusive: true } : {}),
  };
}

const typesOf = ({ lctype }: LogsCommand): { types?: string[] } =>
  lctype === undefined || lctype === 0 ? {} : { types: storedTypes([typeOf(lctype)]) };

/** How far the other one of two has received and read what I said on this page. */
async function receiptOf(
  { session, calls }: Call,
  messages: readonly MessageView[],
): Promise<{ delivered?: number; read?: number }> {
  const eldest = messages.find(({ from }) => from === session.client);
  if (eldest === undefined || eldest.scope !== undefined) return {};
  try {
    const cursor = async (kind: 'delivered' | 'read') => {
      const page = await calls.run(session, 'message.receipts', { message: eldest.id, kind, limit: 2 });
      return page.of === 1 ? page.items[0]?.time : undefined;
    };
    const [delivered, read] = await Promise.all([cursor('delivered'), cursor('read')]);
    return { ...(delivered === undefined ? {} : { delivered }), ...(read === undefined ? {} : { read }) };
  } catch (error) {
    // Rooms have no receipts, and an app may switch them off.
    if (error instanceof AppError && !error.definition.temporary) return {};
    throw error;
  }
}
