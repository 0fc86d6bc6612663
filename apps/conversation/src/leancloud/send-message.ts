import { fromWire } from '@hongyan/leancloud';
import {
  AppError,
  type ClientId,
  type ConversationId,
  type Json,
  type MessageId,
  type MessageView,
} from '@hongyan/protocol';
import { z } from 'zod';
import { clientId, clientIds, content, flag, priority, push, time } from './inputs.js';
import type { Bound } from './history-page.js';
import { newOperation, type RestCall } from './rest-call.js';

/** Of every send. */
export const sendInput = z.object({
  from_client: clientId,
  message: content,
  transient: flag.default(false),
  no_sync: flag.optional(),
  push_data: push.optional(),
  priority: priority.optional(),
  mention_all: flag.optional(),
  mention_client_ids: clientIds(20).optional(),
});

interface Sending extends z.output<typeof sendInput> {
  readonly to_clients?: readonly ClientId[];
  readonly expiresAt?: number;
  readonly audience?: 'everyone';
}

type Sent = Record<string, Json>;

/** Sends in a client's name, whether or not that client may: the tenant's server vouches. */
export async function send(call: RestCall, conversation: ConversationId, given: Sending): Promise<Sent> {
  const { from_client: from, message, transient, to_clients: to, expiresAt, audience } = given;
  const { id, time: at } = await call.run(
    'message.send',
    {
      op: call.parts.op,
      conversation,
      ...fromWire({ msg: message }),
      ...(transient ? { transient } : {}),
      ...(given.no_sync ? { noSync: true } : {}),
      ...(given.priority === undefined ? {} : { priority: given.priority }),
      ...(given.push_data === undefined ? {} : { push: given.push_data }),
      ...(given.mention_all ? { mentionAll: true } : {}),
      ...(given.mention_client_ids === undefined ? {} : { mentions: given.mention_client_ids }),
      ...(to === undefined ? {} : { to: [...to] }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(audience === undefined ? {} : { audience }),
    },
    from,
  );
  return { 'msg-id': id, timestamp: at };
}

/** Which message: its sender and its time must be those that are given, as at LeanCloud. */
export const placeInput = z.object({ from_client: clientId, timestamp: time });
type Place = z.output<typeof placeInput>;

/**
 * Throws `message_not_found` when it is not of this conversation, sender and time. One that was deleted is found: the copies that
 * went to other clients under its id may still be there, and deleting again succeeds.
 */
export async function messageAt(
  call: RestCall,
  conversation: ConversationId,
  message: MessageId,
  { from_client: from, timestamp }: Place,
): Promise<MessageView> {
  const { messages } = await call.run('message.get', { messages: [message], deleted: true }, from);
  const [found] = messages;
  const matches =
    found !== undefined &&
    found.conversation === conversation &&
    (found.from ?? from) === from &&
    found.time === timestamp;
  if (!matches) throw new AppError('message_not_found');
  return found;
}

/** Another content, in the sender's name. */
export async function edit(call: RestCall, { id, from }: MessageView, text: string): Promise<object> {
  await call.run('message.edit', { op: newOperation(), message: id, ...fromWire({ msg: text }) }, from);
  return {};
}

/** Its content is gone for everybody. */
export async function recall(call: RestCall, { id, from }: MessageView): Promise<object> {
  await call.run('message.recall', { op: newOperation(), message: id }, from);
  return {};
}

/** It is gone from history, lists and counts. Clients that have it are not told. */
export async function remove(call: RestCall, { id }: Pick<MessageView, 'id'>): Promise<object> {
  await call.run('message.delete', { op: newOperation(), message: id });
  return {};
}

/** A send to several clients writes to each one's thread within this time. */
const oneSendMs = 60_000;

/**
 * The copies of a message that one send put into the threads of `clients`. They share the operation that made them; the
 * id that the send answered is the first one's.
 */
export async function copiesOf(
  call: RestCall,
  message: MessageView,
  clients: readonly ClientId[],
): Promise<MessageView[]> {
  const copies: MessageView[] = [];
  for (const client of new Set(clients)) {
    const copy = await copyIn(call, message, client);
    if (copy === undefined)
      throw new AppError('message_not_found', { detail: `${client} was not sent this message` });
    copies.push(copy);
  }
  return copies;
}

async function copyIn(
  call: RestCall,
  { conversation, from, time: sentAt, op, id }: MessageView,
  thread: ClientId,
): Promise<MessageView | undefined> {
  let after: Bound = { time: sentAt - oneSendMs };
  for (;;) {
    const page = await call.run(
      'message.history',
      {
        conversation,
        thread,
        direction: 'forward',
        after,
        before: { time: sentAt + oneSendMs },
        limit: call.app.limits.page,
      },
      from,
    );
    const copy = page.messages.find((one) => one.id === id || (op !== undefined && one.op === op));
    const last = page.messages.at(-1);
    if (copy !== undefined || last === undefined || !page.more) return copy;
    after = { time: last.time, message: last.id };
  }
}
