import { createHash, randomBytes } from 'node:crypto';
import {
  CommandType,
  LeanCloudError,
  OpType,
  type GenericCommand,
  type SessionCommand,
} from '@hongyan/leancloud';
import type { App } from '@hongyan/apps';
import { AppError, asAppId, isClientId, type OpenSession } from '@hongyan/protocol';
import { appNamedBy, type Credentials, type Login } from '@hongyan/sessions';
import type { ConnectionParts } from '../connection-parts.js';
import { checkSessionCount } from '../session-bounds.js';
import type { LeanCloudSession } from './leancloud-session.js';
import type { LeanCloudConnection } from './leancloud-connection.js';
import { requireSignature } from './signed-operations.js';

/**
 * The app that a login is for, if this connection may use it: the command names it, or another session here, or the device's
 * `login`, or the token (Java clients open sessions again before they say anything else).
 */
export async function appOf(
  parts: ConnectionParts,
  connection: LeanCloudConnection<LeanCloudSession>,
  { appId, sessionMessage }: GenericCommand,
): Promise<App> {
  const id =
    appId ?? connection.firstSession?.app.id ?? connection.deviceApp ?? appNamedBy(sessionMessage?.st ?? '');
  const app = id === undefined || id.length > 64 ? undefined : await parts.apps.find(asAppId(id));
  if (app === undefined) throw new AppError('app_unavailable');
  const { origin } = connection;
  if (origin !== undefined && app.origins.length > 0 && !app.origins.includes(origin))
    throw new AppError('origin_not_allowed');
  return app;
}

/** Proves who it is: by a session token, a signature of the app's server, or nothing where the app allows that. */
export async function logIn(
  parts: ConnectionParts,
  app: App,
  command: GenericCommand,
  now: number,
): Promise<Login> {
  const { sessionMessage: session = {}, peerId } = command;
  const login =
    session.st === undefined || session.st === ''
      ? await freshLogin(parts, app, peerId ?? randomBytes(12).toString('hex'), session, now)
      : await resume(parts, app, session.st, peerId, now);
  await checkSessionCount(parts, app, login);
  return login;
}

async function resume(
  parts: ConnectionParts,
  app: App,
  token: string,
  peerId: string | undefined,
  now: number,
): Promise<Login> {
  const login = await parts.authenticator.login(app, { kind: 'session', token }, now);
  if (peerId !== undefined && peerId !== login.session.client) throw new AppError('token_invalid');
  return login;
}

async function freshLogin(
  parts: ConnectionParts,
  app: App,
  client: string,
  session: SessionCommand,
  now: number,
): Promise<Login> {
  if (!isClientId(client)) throw new LeanCloudError('INVALID_LOGIN', 'A client id has 1–64 characters.');
  if (!app.login.unsigned) requireSignature(app, { kind: 'login', client }, session, 'SIGNATURE_FAILED', now);
  const words = wordsOf(session);
  if (session.r === true && words.tag !== undefined) await yieldToOther(parts, app, client, words);
  const credentials: Credentials = { kind: 'verified', client, ...words };
  return await parts.authenticator.login(app, credentials, now);
}

/** A tag that means “no tag”. */
const noTag = 'default';
const longestWord = 64;

function wordsOf({ tag, deviceId, deviceToken }: SessionCommand): { device?: string; tag?: string } {
  const device = deviceId ?? deviceToken;
  return {
    ...(device === undefined || device === '' ? {} : { device: word(device) }),
    ...(tag === undefined || tag === '' || tag === noTag ? {} : { tag: word(tag) }),
  };
}

const word = (text: string): string =>
  text.length <= longestWord ? text : createHash('sha256').update(text).digest('base64url');

/** A login that is not the user's wish does not push another device out. */
async function yieldToOther(
  { hub }: ConnectionParts,
  app: App,
  client: OpenSession['client'],
  { device, tag }: { device?: string; tag?: string },
): Promise<void> {
  const open = await hub.sessionsOf(app.id, client);
  if (open.some((other) => other.tag === tag && other.device !== device))
    throw new AppError('session_conflict');
}

/** `serverTs`: the client keeps it as the time of the last change that it knows. */
export function openedReply(
  { session, token, expiresAt }: Login,
  now: number,
  serverTs: number,
): GenericCommand {
  return {
    cmd: CommandType.session,
    op: OpType.opened,
    peerId: session.client,
    serverTs,
    sessionMessage: tokenOf(token, expiresAt, now),
  };
}

/** Java counts the milliseconds in 32 bits. */
const longestToldSeconds = 2_000_000;

export const tokenOf = (token: string, expiresAt: number, now: number): SessionCommand => ({
  st: token,
  stTtl: Math.max(1, Math.min(Math.floor((expiresAt - now) / 1000), longestToldSeconds)),
});
