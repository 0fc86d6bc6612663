import type { IncomingMessage, ServerResponse } from 'node:http';
import { allowCrossOrigin, isObject, memberInfoRow, type MemberInfoRow } from '@hongyan/leancloud';
import {
  asAppId,
  AppError,
  type AppId,
  type Caller,
  type ClientId,
  type ConversationId,
  type SessionId,
} from '@hongyan/protocol';
import type { ConnectionParts } from '../connection-parts.js';
import { conversationOf, parseJson } from './calls.js';
import { header, sendJson, sendRefusal, urlOf } from './http.js';
import { notifications } from './notifications.js';
import { runFor } from './run-for.js';
import type { ToldLive } from './told-live.js';

type Next = (error?: unknown) => void;
type Answer = (
  parts: ConnectionParts,
  caller: Caller,
  query: URLSearchParams,
  told?: ToldLive,
) => Promise<object>;

/** What an open session of this door has been told of changes. */
export interface ToldSessions {
  toldTo(app: AppId, session: SessionId): ToldLive | undefined;
}

const memberInfosPath = '/1.1/classes/_ConversationMemberInfo';

/** The REST calls that the realtime clients make by themselves, each with the token of its session. */
const answers: Readonly<Record<string, Answer>> = {
  [memberInfosPath]: memberInfos,
  '/1.1/rtm/notifications': notifications,
};

export const restEndpoint =
  (parts: ConnectionParts, door: ToldSessions) =>
  (request: IncomingMessage, response: ServerResponse, next: Next): void => {
    const url = urlOf(request);
    const answer = Object.hasOwn(answers, url.pathname) ? answers[url.pathname]! : undefined;
    if (answer === undefined) return next();
    if (allowCrossOrigin(request, response)) return;
    if (request.method !== 'GET') return next();
    // Without a session it is the app's server that asks, and the door for servers that answers.
    if (url.pathname === memberInfosPath && header(request, 'x-lc-im-session-token') === '') return next();
    callerOf(parts, request, url.searchParams)
      .then(({ caller, session }) =>
        answer(parts, caller, url.searchParams, door.toldTo(caller.app, session)),
      )
      .then(
        (body) => sendJson(response, 200, body),
        (error: unknown) => {
          if (!sendRefusal(response, error, 'query')) next(error);
        },
      );
  };

/** The session's token proves both the app's client and that it asks for itself. */
async function callerOf(
  { apps, authenticator }: ConnectionParts,
  request: IncomingMessage,
  query: URLSearchParams,
): Promise<{ caller: Caller; session: SessionId }> {
  const id = header(request, 'x-lc-id');
  const app = id === '' || id.length > 64 ? undefined : await apps.find(asAppId(id));
  if (app === undefined) throw new AppError('app_unavailable');
  const token = header(request, 'x-lc-im-session-token');
  if (token === '') throw new AppError('unauthenticated');
  const { session } = await authenticator.login(app, { kind: 'session', token }, Date.now());
  const client = query.get('client_id');
  if (client !== null && client !== session.client) throw new AppError('forbidden');
  const caller = { app: app.id, client: session.client, device: session.device, server: false };
  return { caller, session: session.session };
}

/**
 * Who was given a role, or whether one member was (`peerId`, as Java asks). The owner has no row: `c` of the conversation
 * says it.
 */
async function memberInfos(parts: ConnectionParts, caller: Caller, query: URLSearchParams): Promise<object> {
  const given = parseJson(query.get('where') ?? undefined, 'where');
  const where = isObject(given) ? given : {};
  const cid = query.get('cid') ?? where['cid'];
  const member = where['peerId'] ?? where['clientId'];
  const conversation = conversationOf(typeof cid === 'string' ? cid : undefined);
  const results: (MemberInfoRow & { conversationId: ConversationId; peerId: ClientId })[] = [];
  let cursor: string | undefined;
  do {
    const page = await runFor(parts, caller, 'conversation.members', {
      conversation,
      role: 'manager',
      limit: 100,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { client } of page.items)
      if (member === undefined || member === client)
        results.push({
          ...memberInfoRow(conversation, client, 'manager'),
          // Java looked for these names up to version 6.
          ...{ conversationId: conversation, peerId: client },
        });
    cursor = page.cursor;
  } while (cursor !== undefined);
  const skip = Number(query.get('skip') ?? 0) || 0;
  const limit = Number(query.get('limit') ?? results.length) || results.length;
  return { results: results.slice(skip, skip + limit) };
}
