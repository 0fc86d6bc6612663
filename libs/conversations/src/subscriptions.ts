import { AppError, type AppId, type Args, type ClientId, type Result } from '@hongyan/protocol';
import { refuses } from './clients.js';
import { type Call, clientOf, type Core, seqResult } from './core.js';

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
  return seqResult(outcome);
}

/**
 * Services for everyone count from a client's first login: a row is made for it then, reading from the sequence that
 * the log had at that time.
 */
export async function subscribeToEveryone(
  core: Core,
  app: AppId,
  client: ClientId,
  firstLogin: number,
): Promise<void> {
  for (const conversation of await core.conversations.everyone(app)) {
    const [already] = await core.members.among(app, conversation, [client]);
    if (already !== undefined) continue;
    await core.members.ensure(
      app,
      conversation,
      client,
      'member',
      await core.log.seqAt(app, conversation, firstLogin),
    );
  }
}
