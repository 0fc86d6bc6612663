import { CommandType, LeanCloudError, OpType } from '@hongyan/leancloud';
import type { ClientId } from '@hongyan/protocol';
import { distinct, type Call, type Reply } from './calls.js';
import { tokenOf } from './login.js';

/** `session/refresh`: a new token before the old one ends. */
export async function refreshToken({ session, calls }: Call): Promise<Reply> {
  const { authenticator, apps } = calls.parts;
  const now = Date.now();
  const app = apps.known(session.app.id) ?? session.app;
  const { token, expiresAt } = await authenticator.refresh(app, session.session, session.login.loginAt, now);
  return { cmd: CommandType.session, op: OpType.refreshed, sessionMessage: tokenOf(token, expiresAt, now) };
}

const mostAsked = 500;

/** `session/query`: who of these is online, in the order asked. */
export async function queryOnline({ session, calls, command }: Call): Promise<Reply> {
  const clients = distinct(command.sessionMessage?.sessionPeerIds) as ClientId[];
  if (clients.length > mostAsked) throw new LeanCloudError('INVALID_LOGIN', `at most ${mostAsked} ids`);
  const { online } =
    clients.length === 0 ? { online: [] } : await calls.run(session, 'presence.query', { clients });
  return {
    cmd: CommandType.session,
    op: OpType.query_result,
    sessionMessage: { onlineSessionPeerIds: online },
  };
}

/** `session/close`: the token ends with the session; the connection goes on. */
export async function logOut({ session, calls }: Call): Promise<Reply> {
  const { authenticator, apps } = calls.parts;
  await authenticator.logOut(apps.known(session.app.id) ?? session.app, session.session, Date.now());
  return { cmd: CommandType.session, op: OpType.closed };
}
