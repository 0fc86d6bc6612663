import type { App } from '@hongyan/apps';
import {
  AppError,
  type AppId,
  type ClientId,
  type ConversationId,
  type OperationId,
  type Result,
} from '@hongyan/protocol';
import { type Call, clientOf, type Core } from './core.js';
import { type Send, sendIntent, sent } from './message-intent.js';
import { newConversationId } from './new-conversation-id.js';
import type { MessagePayload } from './types.js';

/**
 * The thread between a system conversation and a client, made at the first direct message between them. Its unique
 * key makes concurrent first messages share one.
 */
export async function threadOf(
  core: Core,
  app: AppId,
  system: ConversationId,
  client: ClientId,
): Promise<ConversationId> {
  const known = core.threads.get(app, system, client);
  if (known !== undefined) return known;
  const now = core.clock();
  const { id } = await core.conversations.create(
    app,
    {
      author: '',
      op: 'created' as OperationId,
      payload: {
        kind: 'created',
        conversation: {
          id: newConversationId(now),
          kind: 'thread',
          attributes: {},
          frozen: false,
          parent: system,
          uniqueKey: threadKey(system, client),
          createdAt: now,
          updatedAt: now,
        },
        members: [{ client, role: 'member' }],
      },
    },
    now,
  );
  // So that the service stands in the client's list even without a subscription.
  const head = await core.log.head(app, system);
  await core.members.ensure(app, system, client, 'guest', head?.last ?? 0);
  core.threads.set(app, system, client, id);
  return id;
}

/** The unique key of a thread. */
export const threadKey = (system: ConversationId, client: ClientId): string => `thread:${system}:${client}`;

/** The thread, if there is one yet. */
export async function existingThread(
  core: Core,
  app: AppId,
  system: ConversationId,
  client: ClientId,
): Promise<ConversationId | undefined> {
  const known = core.threads.get(app, system, client);
  if (known !== undefined) return known;
  const found = await core.conversations.byUniqueKey(app, threadKey(system, client));
  if (found !== undefined) core.threads.set(app, system, client, found);
  return found;
}

/** A client writes to a service: into its own thread, never to other subscribers. */
export async function sendToService(
  core: Core,
  app: App,
  caller: Call,
  args: Send,
  payload: MessagePayload,
): Promise<Result<'message.send'>> {
  const { state } = await core.visible(caller, args.conversation);
  if (state.blocked.has(clientOf(caller))) throw new AppError('blocked');
  if (state.isSilenced(clientOf(caller), core.clock())) throw new AppError('silenced');
  const thread = await threadOf(core, caller.app, state.id, clientOf(caller));
  return sent(await core.sequencer.submit(caller.app, thread, sendIntent(core, app, caller, args, payload)));
}

/** The service writes to some clients, each in its own thread. */
export async function sendToThreads(
  core: Core,
  app: App,
  caller: Call,
  args: Send,
  payload: MessagePayload,
): Promise<Result<'message.send'>> {
  const { state } = await core.visible(caller, args.conversation);
  if (state.conversation.kind !== 'system') throw new AppError('wrong_kind');
  const threads: { client: ClientId; id: Result<'message.send'>['id']; seq: number }[] = [];
  let first: Result<'message.send'> | undefined;
  for (const client of new Set(args.to)) {
    const thread = await threadOf(core, caller.app, state.id, client);
    const result = sent(
      await core.sequencer.submit(caller.app, thread, sendIntent(core, app, caller, args, payload)),
    );
    first ??= result;
    threads.push({ client, id: result.id, seq: result.seq ?? 0 });
  }
  if (first === undefined) throw new AppError('bad_request', { detail: 'to is empty' });
  return { ...first, threads };
}
