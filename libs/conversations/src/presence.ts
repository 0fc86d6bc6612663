import type { App } from '@hongyan/apps';
import { AppError, type AppId, type Args, type ClientId, type Result } from '@hongyan/protocol';
import { type Call, clientOf, type Core } from './core.js';
import { hasJoined } from './message-intent.js';
import { maySignal } from './permissions.js';
import { audienceOf } from './publish.js';

function requirePresence(app: App, caller: Call): void {
  if (!app.messages.presence && !caller.server)
    throw new AppError('forbidden', { detail: 'presence is switched off' });
}

/** `presence.query`: those of them that have a session now. */
export async function queryPresence(
  core: Core,
  caller: Call,
  args: Args<'presence.query'>,
): Promise<Result<'presence.query'>> {
  const app = await core.app(caller);
  requirePresence(app, caller);
  if (args.clients.length > app.limits.idsPerCall)
    throw new AppError('limit_exceeded', { detail: `at most ${app.limits.idsPerCall} ids` });
  return { online: await core.presence.online(caller.app, args.clients) };
}

/** `presence.subscribe`: watched until the session ends or subscribes to others. */
export async function subscribePresence(
  core: Core,
  caller: Call,
  args: Args<'presence.subscribe'>,
): Promise<Result<'presence.subscribe'>> {
  const app = await core.app(caller);
  requirePresence(app, caller);
  if (caller.session === undefined)
    throw new AppError('bad_request', { detail: 'only a connected session can subscribe' });
  if (args.clients.length > app.limits.presenceSubscriptions) {
    throw new AppError('limit_exceeded', {
      detail: `at most ${app.limits.presenceSubscriptions} clients can be watched`,
    });
  }
  await core.presence.watch(caller.app, caller.session, args.clients);
  return { online: await core.presence.online(caller.app, args.clients) };
}

/** Tells those who watch. */
export async function announcePresence(
  core: Core,
  app: AppId,
  client: ClientId,
  online: boolean,
): Promise<void> {
  const sessions = await core.presence.watchers(app, client);
  if (sessions.length === 0) return;
  core.broker.publish([
    {
      app,
      audience: { kind: 'sessions', sessions },
      class: 'signal',
      event: { type: 'presence', client, online, time: core.clock() },
    },
  ]);
}

/** `signal.send`: to who is online now, kept by nobody. */
export async function sendSignal(
  core: Core,
  caller: Call,
  args: Args<'signal.send'>,
): Promise<Result<'signal.send'>> {
  const { app, state } = await core.visible(caller, args.conversation);
  const from = clientOf(caller);
  if (!app.messages.typing && args.name === 'typing')
    throw new AppError('forbidden', { detail: 'typing is switched off' });
  if (args.data !== undefined && Buffer.byteLength(JSON.stringify(args.data)) > 1024)
    throw new AppError('too_large', { detail: 'the data of a signal is larger than 1 KB' });
  const refusal = maySignal(app, state, caller, hasJoined(core, caller, state));
  if (refusal !== undefined) throw refusal;
  if (state.conversation.kind === 'system') throw new AppError('wrong_kind');
  core.broker.publish([
    {
      app: caller.app,
      audience: audienceOf(state),
      origin: caller.session,
      class: 'signal',
      event: {
        type: 'signal',
        conversation: state.id,
        from,
        name: args.name,
        ...(args.data === undefined ? {} : { data: args.data }),
      },
    },
  ]);
  return {};
}
