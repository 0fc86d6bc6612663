import type {
  AppId,
  Audience,
  Broker,
  ClientId,
  Delivery,
  EntryView,
  MessageView,
  SessionId,
} from '@hongyan/protocol';
import type { Presence } from '@hongyan/delivery';
import type { ClientStore } from './client-ports.js';
import { guestRows } from './guest-rows.js';
import type { LogStore, MemberStore } from './ports.js';
import type { Committed } from './sequencer.js';
import type { SerialByKey } from './serial-by-key.js';
import type { ConversationState } from './state.js';
import { type Entry, isForEveryone, isMessage, type MessageEntry, targetOf } from './types.js';
import { afterChange, conversationView, entryView, messageView } from './views.js';

/** What publishing needs. */
export interface Publishing {
  readonly broker: Broker;
  readonly presence: Presence;
  readonly members: MemberStore;
  readonly log: LogStore;
  readonly clients: ClientStore;
  readonly broadcasts: SerialByKey;
  readonly onError: (what: string, error: unknown) => void;
}

/** Tells everyone concerned what was committed, in sequence order. Runs before the author gets its answer. */
export function publishCommitted(
  to: Publishing,
  app: AppId,
  state: ConversationState,
  committed: readonly Committed[],
): void {
  if (state.conversation.kind === 'system') {
    void publishBroadcasts(to, app, state, committed);
    return;
  }
  const deliveries = deliveriesOf(app, state, committed);
  if (deliveries.length > 0) to.broker.publish(deliveries);
}

function deliveriesOf(app: AppId, state: ConversationState, committed: readonly Committed[]): Delivery[] {
  const deliveries: Delivery[] = [];
  for (const change of committed) {
    const { entry, origin } = change;
    if (isMessage(entry)) deliveries.push(messageDelivery(app, state, entry, change));
    else if (targetOf(entry.payload) !== undefined) deliveries.push(...contentDelivery(app, state, change));
    else deliveries.push(...membershipDeliveries(app, state, entry, origin));
  }
  return deliveries;
}

function messageDelivery(
  app: AppId,
  state: ConversationState,
  entry: MessageEntry,
  { origin, withoutAuthor }: Committed,
): Delivery {
  const { conversation } = state;
  const view = messageView(conversation, entry);
  const event = { type: 'entry', entry: wrap(state, entry, view) } as const;
  const isRoom = conversation.kind === 'room';
  return {
    app,
    audience: withoutAuthor ? audienceWithout(state, entry.author) : audienceOf(state),
    origin,
    class: isRoom ? 'room' : 'entry',
    ...(isRoom ? { priority: entry.payload.priority ?? 'normal' } : {}),
    event,
    ...(entry.author === '' || isRoom
      ? {}
      : {
          authorOnly: {
            client: entry.author,
            event: { type: 'entry', entry: wrap(state, entry, authorsCopy(view, entry)) },
          },
        }),
  };
}

const authorsCopy = (view: MessageView, { op, payload }: MessageEntry): MessageView =>
  payload.receipt ? { ...view, op, receipt: true } : { ...view, op };

function wrap(state: ConversationState, entry: Entry, message: MessageView): EntryView {
  const { seq, time, author } = entry;
  return author === ''
    ? { conversation: state.id, seq, time, kind: 'message', message }
    : { conversation: state.id, seq, time, by: author, kind: 'message', message };
}

/** Edits, recalls and deletes show the message as it is after them. */
function contentDelivery(
  app: AppId,
  state: ConversationState,
  { entry, origin, target }: Committed,
): Delivery[] {
  if (target === undefined) return [];
  const view = entryView(state.conversation, entry, afterChange(target, entry));
  if (view === undefined) return [];
  return [
    {
      app,
      audience: audienceOf(state),
      origin,
      class: state.conversation.kind === 'room' ? 'room' : 'entry',
      event: { type: 'entry', entry: view },
    },
  ];
}

function membershipDeliveries(
  app: AppId,
  state: ConversationState,
  entry: Entry,
  origin: SessionId | undefined,
): Delivery[] {
  const view = entryView(state.conversation, entry, undefined);
  if (view === undefined) return [];
  const event = { type: 'entry', entry: view } as const;
  if (state.conversation.kind === 'room' || state.conversation.kind === 'system') {
    return [
      {
        app,
        audience: audienceOf(state),
        origin,
        class: state.conversation.kind === 'room' ? 'room' : 'entry',
        event,
      },
    ];
  }
  const { arriving, leaving } = movement(entry);
  const newcomers = new Set(arriving);
  const deliveries: Delivery[] = [];
  const others =
    newcomers.size === 0 ? state.memberIds : state.memberIds.filter((client) => !newcomers.has(client));
  const hearing = leaving.length === 0 ? others : [...others, ...leaving];
  if (hearing.length > 0)
    deliveries.push({ app, audience: { kind: 'clients', clients: hearing }, origin, class: 'entry', event });
  if (arriving.length > 0) {
    const conversation = conversationView(
      state.conversation,
      { ...state.head, last: entry.seq },
      state.memberCount,
    );
    deliveries.push({
      app,
      audience: { kind: 'clients', clients: arriving },
      origin,
      class: 'entry',
      event: { ...event, conversationView: conversation },
    });
  }
  return deliveries;
}

/** Who comes in by this entry, and who hears of it besides the members: those who go out. */
function movement({ payload }: Entry): { arriving: readonly ClientId[]; leaving: readonly ClientId[] } {
  switch (payload.kind) {
    case 'created':
      return { arriving: payload.members.map(({ client }) => client), leaving: [] };
    case 'added':
      return { arriving: payload.members, leaving: [] };
    case 'joined':
      return { arriving: [payload.member], leaving: [] };
    case 'left':
      return { arriving: [], leaving: [payload.member] };
    case 'removed':
      return { arriving: [], leaving: payload.members };
    case 'blocked':
      return { arriving: [], leaving: payload.removed };
    // They are no members, but may be again.
    case 'unblocked':
      return { arriving: [], leaving: payload.members };
    default:
      return { arriving: [], leaving: [] };
  }
}

/** Who hears of what happens in a conversation: in rooms who joined, else the members. */
export function audienceOf(state: ConversationState): Audience {
  return state.conversation.kind === 'room'
    ? { kind: 'room', conversation: state.id }
    : { kind: 'clients', clients: state.memberIds };
}

/** Rooms have no list to leave somebody out of. */
export function audienceWithout(state: ConversationState, client: ClientId | ''): Audience {
  const audience = audienceOf(state);
  if (audience.kind !== 'clients') return audience;
  return { kind: 'clients', clients: audience.clients.filter((one) => one !== client) };
}

const broadcastBatch = 500;

/**
 * System conversations have no member list in memory: whoever is online is asked for in batches. One broadcast after
 * the other per conversation, so that they arrive in order.
 */
async function publishBroadcasts(
  to: Publishing,
  app: AppId,
  state: ConversationState,
  committed: readonly Committed[],
): Promise<void> {
  const forSubscribers = deliveriesOf(app, state, committed);
  const forEveryone = deliveriesOf(
    app,
    state,
    committed.filter(({ entry, target }) => isForEveryone(entry, target)),
  );
  if (forSubscribers.length === 0) return;
  await to.broadcasts.run(`${app}\n${state.id}`, async () => {
    try {
      for await (const clients of to.presence.everyone(app, broadcastBatch)) {
        const subscribers = await to.members.among(app, state.id, clients);
        publishTo(to.broker, forSubscribers, subscribers);
        if (forEveryone.length === 0) continue;
        const subscribed = new Set(subscribers);
        const others = clients.filter((client) => !subscribed.has(client) && !state.blocked.has(client));
        await guestRows(to, app, state.id, others);
        publishTo(to.broker, forEveryone, others);
      }
    } catch (error) {
      // Nothing is lost: whoever missed the event sees it in the next sync.
      to.onError('publish.broadcast', error);
    }
  });
}

function publishTo(broker: Broker, deliveries: readonly Delivery[], clients: readonly ClientId[]): void {
  if (clients.length > 0)
    broker.publish(deliveries.map((one) => ({ ...one, audience: { kind: 'clients', clients } })));
}

/** Something that nobody stores, to whoever is online now. */
export async function publishToOnline(
  { broker, presence }: Pick<Publishing, 'broker' | 'presence'>,
  state: ConversationState,
  delivery: Delivery,
): Promise<void> {
  for await (const clients of presence.everyone(delivery.app, broadcastBatch))
    publishTo(
      broker,
      [delivery],
      clients.filter((client) => !state.blocked.has(client)),
    );
}
