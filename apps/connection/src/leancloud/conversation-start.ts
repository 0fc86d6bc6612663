import {
  CommandType,
  LeanCloudError,
  OpType,
  isObject,
  fromColumns,
  uniqueIdOf,
  iso,
} from '@hongyan/leancloud';
import type { ConversationView } from '@hongyan/protocol';
import { distinct, newOperation, parseJson, type Call, type Reply } from './calls.js';
import { checkSigned } from './signed-operations.js';

const dayInSeconds = 86_400;

/** `conv/start`: an ordinary conversation, a chat room or a temporary one. Services are made by the server side. */
export async function startConversation(call: Call): Promise<Reply> {
  const { session, calls, command } = call;
  const { convMessage: conv = {} } = command;
  const columns = parseJson(conv.attr?.data, 'attr') ?? {};
  if (!isObject(columns)) throw new LeanCloudError('CONVERSATION_API_FAILED', 'attr is no object');
  const asked = distinct(conv.m);
  const kind = conv.tempConv ? 'temporary' : conv.transient ? 'room' : 'ordinary';
  const signed = { kind: 'create', client: session.client, members: asked } as const;
  // Objective-C names nobody in a room, and has it signed for the client.
  const alone = { ...signed, members: [session.client] };
  checkSigned(call, conv, kind === 'room' && asked.length === 0 ? [signed, alone] : signed);
  const members = distinct([session.client, ...asked]);
  const { conversation, created } = await calls.run(session, 'conversation.create', {
    op: newOperation(),
    kind,
    ...fromColumns(columns),
    ...(kind === 'room' ? {} : { members }),
    ...(conv.unique && kind !== 'room' ? { unique: true } : {}),
    ...(kind === 'temporary' ? { ttl: conv.tempConvTTL || dayInSeconds } : {}),
  });
  calls.learnKind(session, conversation.id, conversation.kind);
  if (kind === 'room') session.rooms.add(conversation.id);
  if (created && kind !== 'room') await tellCreated(call, conversation, members);
  return {
    cmd: CommandType.conv,
    op: OpType.started,
    convMessage: {
      cid: conversation.id,
      cdate: iso(conversation.createdAt),
      ...(conv.unique && kind !== 'room' ? { uniqueId: uniqueIdOf(members), unique: true } : {}),
      ...(kind === 'temporary' ? { tempConv: true, tempConvTTL: secondsLeft(conversation) } : {}),
      ...(created ? {} : { existing: true }),
    },
  };
}

async function tellCreated(call: Call, conversation: ConversationView, members: string[]): Promise<void> {
  const { session, calls } = call;
  const { id, createdAt } = conversation;
  await calls.tellSelf(session, undefined, {
    conversation: id,
    seq: 1,
    time: createdAt,
    by: session.client,
    kind: 'created',
    members: members as (typeof session.client)[],
  });
}

const secondsLeft = ({ expiresAt, createdAt }: ConversationView): number =>
  Math.ceil(((expiresAt ?? createdAt) - createdAt) / 1000);
