import {
  AppError,
  type AppId,
  type Args,
  type ClientId,
  type ConversationId,
  type Result,
} from '@hongyan/protocol';
import { refuses } from './clients.js';
import { type Call, clientOf, type Core, seqResult } from './core.js';
import { guestRowAtLogin } from './guest-rows.js';
import { existingThread } from './system-threads.js';

/** `system.subscribe`: broadcasts count from here on. Ends that one refuses the service. */
export async function subscribe(
  core: Core,
  caller: Call,
  args: Args<'system.subscribe'>,
): Promise<Result<'system.subscribe'>> {
  const app = await core.app(caller);
  const client = clientOf(caller);
  let refused = false;
  const outcome = await core.change(app, caller, args.conversation, args.op, async (state) => {
    if (state.conversation.kind !== 'system') return new AppError('wrong_kind');
    if (state.blocked.has(client)) return new AppError('blocked');
    refused = await refuses(core, caller, state.id);
    const [already] = await core.members.among(caller.app, state.id, [client]);
    if (already !== undefined) return undefined;
    return refused && caller.server ? new AppError('blocked') : { kind: 'joined', member: client };
  });
  if (refused && !caller.server) await core.clients.unrefuse(caller.app, client, args.conversation);
  return seqResult(outcome);
}

/** `system.unsubscribe`: not from services for everyone. */
export async function unsubscribe(
  core: Core,
  caller: Call,
  args: Args<'system.unsubscribe'>,
): Promise<Result<'system.unsubscribe'>> {
  const app = await core.app(caller);
  const client = clientOf(caller);
  const outcome = await core.change(app, caller, args.conversation, args.op, async (state) => {
    if (state.conversation.kind !== 'system') return new AppError('wrong_kind');
    if (state.conversation.audience === 'everyone')
      return new AppError('forbidden', { detail: 'this service is for everyone' });
    const [already] = await core.members.among(caller.app, state.id, [client]);
    return already === undefined ? undefined : { kind: 'left', member: client };
  });
  if (outcome.entry !== undefined) await staysGuest(core, caller.app, args.conversation, client);
  return seqResult(outcome);
}

/** Unsubscribed, a client still has its thread with the service and what is for everyone, from its cursor on. */
export async function staysGuest(
  core: Core,
  app: AppId,
  service: ConversationId,
  client: ClientId,
): Promise<void> {
  const [thread, services] = await Promise.all([
    existingThread(core, app, service, client),
    core.conversations.everyone(app),
  ]);
  if (thread === undefined && !services.includes(service)) return;
  await core.members.ensure(app, service, client, 'guest', 0);
}

/**
 * What is for everyone counts from a client's first login: a row is made for it then, reading from the sequence that the log
 * had at that time. Services for everyone have it as a member, others with a message to everyone as a guest.
 */
export async function subscribeToEveryone(
  core: Core,
  app: AppId,
  client: ClientId,
  firstLogin: number,
): Promise<void> {
  for (const service of await core.conversations.everyone(app)) {
    const state = await core.states.get(app, service);
    if (state === undefined || state.blocked.has(client)) continue;
    if (state.conversation.audience !== 'everyone') {
      await guestRowAtLogin(core, app, service, client, firstLogin);
      continue;
    }
    const [already] = await core.members.among(app, service, [client]);
    if (already !== undefined) continue;
    const readSeq = await core.log.seqAt(app, service, firstLogin);
    await core.members.ensure(app, service, client, 'member', readSeq);
  }
}
