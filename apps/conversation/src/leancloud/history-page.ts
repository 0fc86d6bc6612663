import { createHash } from 'node:crypto';
import { checkLeanCloudSignature, LeanCloudError, toWire } from '@hongyan/leancloud';
import { acceptedSecrets } from '@hongyan/apps';
import {
  AppError,
  type ClientId,
  type ConversationId,
  type ConversationKind,
  type Json,
  type MessageView,
} from '@hongyan/protocol';
import { z } from 'zod';
import { clientId, count, flag, limit, time } from './inputs.js';
import type { Given, RestCall } from './rest-call.js';

/** Bounds and paging of every history call. */
export const historyInput = z.object({
  timestamp: time.optional(),
  /** What older SDKs say instead of `timestamp`. */
  max_ts: time.optional(),
  msgid: z.string().max(80).optional(),
  till_timestamp: time.optional(),
  till_msgid: z.string().max(80).optional(),
  include_start: flag.default(false),
  include_stop: flag.default(false),
  reversed: flag.default(false),
  limit: limit(1000, 100),
  client_id: clientId.optional(),
  peerid: clientId.optional(),
  nonce: z.string().max(128).optional(),
  signature_ts: count(8.64e15).optional(),
  signature: z.string().max(128).optional(),
});

export type HistoryQuery = z.output<typeof historyInput>;
/** A place in time, for a page of a conversation as for one of the whole app. */
export type Bound = NonNullable<Given<'message.timeline'>['before']>;

interface Asked {
  readonly conversation: ConversationId;
  readonly kind: ConversationKind;
  /** Services: whose thread. */
  readonly thread?: ClientId;
  /** As whom the history is read; absent: as the tenant's server. */
  readonly reader?: ClientId;
}

/** Messages of a conversation: newest first, or with `reversed` eldest first. */
export async function historyOf(call: RestCall, query: HistoryQuery, asked: Asked): Promise<Row[]> {
  const { conversation, kind, thread, reader } = asked;
  const forward = query.reversed;
  const start = boundOf(query.timestamp ?? query.max_ts, query.msgid, query.include_start);
  const stop = boundOf(query.till_timestamp, query.till_msgid, query.include_stop);
  let [before, after] = forward ? [stop, start] : [start, stop];
  const rows: Row[] = [];
  while (rows.length < query.limit) {
    const page = await call.run(
      'message.history',
      {
        conversation,
        direction: forward ? 'forward' : 'backward',
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
        ...(thread === undefined ? {} : { thread }),
        limit: Math.min(query.limit - rows.length, call.app.limits.page),
      },
      reader,
    );
    const messages = forward ? page.messages : page.messages.toReversed();
    rows.push(...messages.map((message) => historyRow(message, kind, thread)));
    const last = messages.at(-1);
    if (last === undefined || !page.more) break;
    const next = { time: last.time, message: last.id };
    if (forward) after = next;
    else before = next;
  }
  return rows;
}

/** Messages go by time, those of the same time by id; zero is how scripts say “from the beginning”. */
export function boundOf(
  time: number | undefined,
  id: string | undefined,
  inclusive: boolean,
): Bound | undefined {
  const message = id === undefined || id.length < 3 ? undefined : id;
  if (message !== undefined && time === undefined)
    throw new AppError('bad_request', { detail: 'a message id tells a place only beside its timestamp' });
  if (time === undefined || time === 0) return undefined;
  return { time, ...(inclusive ? { inclusive } : {}), ...(message === undefined ? {} : { message }) };
}

type Row = Record<string, Json>;

/** A message as a row of history. Where it was sent from is not kept. */
export function historyRow(message: MessageView, kind: ConversationKind, thread?: ClientId): Row {
  const { msg, binaryMsg } = toWire(message);
  const { conversation } = message;
  return {
    'msg-id': message.id,
    'conv-id': thread === undefined ? conversation : threadKey(conversation, thread),
    to: conversation,
    from: message.from ?? '',
    timestamp: message.time,
    data: binaryMsg === undefined ? (msg ?? '') : message.body,
    bin: binaryMsg !== undefined,
    'is-conv': true,
    'is-room': kind === 'room',
    'from-ip': '',
    ...(message.editedAt === undefined ? {} : { 'patch-timestamp': message.editedAt }),
    ...(message.recalled ? { recall: true } : {}),
  };
}

/** What stands for the conversation of a service with one client. */
const threadKey = (service: ConversationId, client: ClientId): string =>
  createHash('md5').update(`${service}:${client}`).digest('hex');

/**
 * The client whose history is read with the app key only: a signature of the app's server for it and the conversation
 * is needed then.
 */
export function signedReader(
  call: RestCall,
  query: HistoryQuery,
  conversation: ConversationId,
): ClientId | undefined {
  if (call.parts.master) return undefined;
  const client = query.client_id ?? query.peerid;
  const { nonce, signature_ts: timestamp, signature } = query;
  if (client === undefined || nonce === undefined || timestamp === undefined || signature === undefined)
    throw new AppError('unauthenticated', { detail: 'the master key, or a signature, is needed' });
  const now = call.door.now();
  const refusal = checkLeanCloudSignature(
    acceptedSecrets(call.app.masterKey, now),
    call.app.id,
    { kind: 'history', client, conversation },
    { timestamp, nonce, signature },
    now,
  );
  if (refusal !== undefined)
    throw new LeanCloudError('CONVERSATION_SIGNATURE_FAILED', `The signature is not accepted: ${refusal}.`);
  return client;
}
