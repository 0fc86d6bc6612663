import { createHash } from 'node:crypto';
import type { App } from '@hongyan/apps';
import {
  AppError,
  type Args,
  type ClientId,
  type ConversationId,
  type Result,
  type Role,
} from '@hongyan/protocol';
import { checkAttributes } from './attributes.js';
import type { Call, Core } from './core.js';
import { newConversationId } from './new-conversation-id.js';
import { publishCommitted } from './publish.js';
import { ConversationState } from './state.js';
import type { Conversation, Entry, EntryPayload, Head } from './types.js';
import { conversationView, ownState } from './views.js';

type Create = Args<'conversation.create'>;
type Created = Extract<EntryPayload, { kind: 'created' }>;

/** Names the one conversation of exactly these members: a hash of the set, sorted by UTF-16 code units. */
export function uniqueKeyOf(members: readonly ClientId[]): string {
  const sorted = [...new Set(members)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return `members:${createHash('sha256').update(sorted.join('\n')).digest('base64url')}`;
}

/** `conversation.create`, any kind. A retry and a second unique create answer with the first conversation. */
export async function createConversation(
  core: Core,
  caller: Call,
  args: Create,
): Promise<Result<'conversation.create'>> {
  const app = await core.app(caller);
  await check(core, app, caller, args);
  const now = core.clock();
  const members = firstMembers(caller, args);
  const uniqueKey = uniqueKeyFor(caller, args, members);
  const id = args.id ?? newConversationId(now, args.kind);
  const conversation: Conversation = {
    id,
    kind: args.kind,
    ...(args.name === undefined ? {} : { name: args.name }),
    attributes: args.attributes ?? {},
    ...(args.columns === undefined ? {} : { columns: args.columns }),
    ...(caller.client === undefined ? {} : { creator: caller.client }),
    frozen: false,
    ...(args.kind === 'system' ? { audience: args.audience ?? 'subscribers' } : {}),
    ...(uniqueKey === undefined ? {} : { uniqueKey }),
    createdAt: now,
    updatedAt: now,
    ...(args.kind === 'temporary' ? { expiresAt: now + (args.ttl ?? 86_400) * 1000 } : {}),
  };
  const payload: Created = { kind: 'created', conversation, members };
  const made = await core.conversations.create(
    caller.app,
    { author: caller.client ?? '', op: args.op, payload },
    now,
  );
  if (made.created) {
    const { head, stamp } = made;
    const place = { seq: head.last, time: head.lastTime, ...(stamp === undefined ? {} : { stamp }) };
    publishCreated(core, caller, { author: caller.client ?? '', op: args.op, payload, ...place }, head);
  }
  const state = await core.states.get(caller.app, made.id);
  // Ids of deleted conversations are never used again.
  if (state === undefined) throw new AppError('already_exists');
  if (made.created) {
    if (args.kind === 'room' && app.rooms.creatorJoins) await joinAsCreator(core, app, caller, made.id);
  } else if (
    made.id === args.id &&
    uniqueKey === undefined &&
    !(await isRetry(core, caller, made.id, args))
  ) {
    throw new AppError('already_exists');
  } else if (uniqueKey !== undefined) {
    await readdMissing(
      core,
      app,
      caller,
      args,
      state,
      members.map(({ client }) => client),
    );
  }
  return await createdResult(core, caller, made.id, made.created);
}

/** At once and not only when it has been read again: what is committed later is told later. */
function publishCreated(
  core: Core,
  { app, session }: Call,
  entry: Entry & { readonly payload: Created },
  head: Head,
): void {
  const { conversation } = entry.payload;
  const state = new ConversationState({ conversation, head, members: [], silences: [], blocked: [] });
  state.apply(entry);
  publishCommitted(core, app, state, [{ entry, origin: session }]);
}

async function joinAsCreator(core: Core, app: App, caller: Call, room: ConversationId): Promise<void> {
  const { client, session, device = '' } = caller;
  if (client === undefined || session === undefined) return;
  await core.rooms.join(
    caller.app,
    room,
    { app: caller.app, client, session, device },
    app.limits.roomsPerSession,
  );
}

async function createdResult(
  core: Core,
  caller: Call,
  id: ConversationId,
  created: boolean,
): Promise<Result<'conversation.create'>> {
  const state = await core.states.get(caller.app, id);
  if (state === undefined) throw new AppError('not_found');
  const own = caller.client === undefined ? undefined : await core.members.own(caller.app, id, caller.client);
  return {
    conversation: conversationView(state.conversation, state.head, state.memberCount),
    ...(own === undefined ? {} : { own: ownState(own) }),
    created,
  };
}

async function check(core: Core, app: App, caller: Call, args: Create): Promise<void> {
  const { limits } = app;
  if (!caller.server && (args.id !== undefined || args.kind === 'system' || args.audience !== undefined))
    throw new AppError('forbidden');
  if (!caller.server && caller.client === undefined) throw new AppError('forbidden');
  if (args.kind !== 'ordinary' && args.kind !== 'temporary' && (args.members?.length ?? 0) > 0) {
    throw new AppError('wrong_kind', { detail: `a ${args.kind} conversation has no members to begin with` });
  }
  if (args.unique && args.kind !== 'ordinary' && args.kind !== 'temporary')
    throw new AppError('wrong_kind', { detail: 'unique is for ordinary and temporary conversations' });
  if (args.ttl !== undefined && args.kind !== 'temporary')
    throw new AppError('wrong_kind', { detail: 'ttl is for temporary conversations' });
  if ((args.name?.length ?? 0) > limits.nameLength)
    throw new AppError('too_large', { detail: `a name has at most ${limits.nameLength} characters` });
  checkAttributes(args.attributes, limits.attributeBytes);
  checkAttributes(args.columns, limits.attributeBytes, 'columns');
  if ((args.members?.length ?? 0) >= limits.members + 1) throw new AppError('conversation_full');
  if (caller.client === undefined) return;
  const [mine, refusing] = await Promise.all([
    core.members.count(caller.app, caller.client),
    args.members === undefined ? [] : core.clients.refusing(caller.app, caller.client, args.members),
  ]);
  if (mine >= limits.conversationsPerClient)
    throw new AppError('limit_exceeded', {
      detail: `at most ${limits.conversationsPerClient} conversations per client`,
    });
  if (refusing.length > 0) throw new AppError('blocked');
}

function firstMembers(caller: Call, args: Create): { client: ClientId; role: Role }[] {
  const creator = caller.client;
  if (args.kind === 'system') return [];
  // Rooms have no members; the creator's row only says who owns it.
  if (args.kind === 'room') return creator === undefined ? [] : [{ client: creator, role: 'owner' }];
  const others = [...new Set(args.members ?? [])]
    .filter((client) => client !== creator)
    .map((client) => ({ client, role: 'member' as const }));
  return creator === undefined ? others : [{ client: creator, role: 'owner' }, ...others];
}

function uniqueKeyFor(
  caller: Call,
  args: Create,
  members: readonly { client: ClientId }[],
): string | undefined {
  if (args.unique && members.length > 0)
    return `${args.kind === 'temporary' ? 'temporary:' : ''}${uniqueKeyOf(members.map(({ client }) => client))}`;
  // A retry of a create must find what the first one made: its operation id is a key of its own.
  return args.id === undefined ? `op:${caller.client ?? ''}\n${args.op}` : undefined;
}

async function isRetry(core: Core, caller: Call, id: ConversationId, args: Create): Promise<boolean> {
  return (
    (await core.log.byOperation(caller.app, id, caller.client ?? '', args.op))?.payload.kind === 'created'
  );
}

/** Who left a unique conversation is in it again when it is created anew (policy `re-add`), but for others who refuse it. */
async function readdMissing(
  core: Core,
  app: App,
  caller: Call,
  args: Create,
  state: ConversationState,
  members: readonly ClientId[],
): Promise<void> {
  if (
    !args.unique ||
    app.conversations.uniqueAfterLeave !== 're-add' ||
    members.every((client) => state.isMember(client))
  )
    return;
  const itself = caller.server ? undefined : caller.client;
  let refused = false;
  await core.sequencer.submit(caller.app, state.id, {
    author: caller.client ?? '',
    op: args.op,
    origin: caller.session,
    wait: caller,
    alone: true,
    decide: async (now) => {
      const missing = members.filter((client) => !now.isMember(client) && !now.blocked.has(client));
      const refusers = new Set(await core.clients.refusers(caller.app, now.id, missing));
      refused = itself !== undefined && refusers.has(itself);
      const added = missing.filter((client) => client === itself || !refusers.has(client));
      return added.length === 0 ? undefined : { kind: 'added', members: added };
    },
  });
  if (refused && itself !== undefined) await core.clients.unrefuse(caller.app, itself, state.id);
}
