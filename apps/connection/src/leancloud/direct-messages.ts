import { randomBytes, createHash } from 'node:crypto';
import {
  CommandType,
  fromWire,
  leanCloudError,
  LeanCloudError,
  type AckCommand,
  type DirectCommand,
  type GenericCommand,
  isObject,
} from '@hongyan/leancloud';
import {
  asClientId,
  transientIdOf,
  type ClientId,
  type JsonObject,
  type OperationId,
} from '@hongyan/protocol';
import { conversationOf, distinct, newOperation, parseJson, type Call, type Reply } from './calls.js';
import type { Given } from './given.js';

/** `direct`: a message. It is answered with its id and time, or with why it was refused; transient ones, too. */
export async function sendMessage(call: Call): Promise<Reply> {
  const { session, calls, command } = call;
  const { directMessage: direct = {} } = command;
  const conversation = conversationOf(direct.cid);
  const send: Given<'message.send'> = {
    op: operationOf(direct.dt),
    onConflict: 'first',
    conversation,
    ...fromWire(direct),
    ...mentionsOf(direct),
    ...(direct.transient ? { transient: true } : {}),
    ...priorityOf(command),
    ...pushOf(direct.pushData),
    ...(direct.r ? { receipt: true } : {}),
  };
  if (direct.will) {
    const id = transientIdOf(conversation, randomBytes(6).toString('base64url'));
    session.will = { ...send, transient: true, id };
    return ack({ cid: conversation, uid: id, t: Date.now() });
  }
  const { id, seq, time } = await calls.run(session, 'message.send', send);
  session.own.add({ id, conversation, seq, time }, direct.r === true);
  return ack({ cid: conversation, uid: id, t: time });
}

/** A refusal as an acknowledgement: `code` says that it is one. */
export function refusedMessage(command: GenericCommand, error: unknown, reference: string): GenericCommand {
  const { code, reason, appCode, appMsg } = leanCloudError(error, 'send', reference);
  const { cid } = command.directMessage ?? {};
  return {
    cmd: CommandType.ack,
    ackMessage: {
      ...(cid === undefined ? {} : { cid }),
      t: Date.now(),
      code,
      reason,
      ...(appCode === undefined ? {} : { appCode }),
      ...(appMsg === undefined ? {} : { appMsg }),
    },
  };
}

const ack = (ackMessage: AckCommand): GenericCommand => ({ cmd: CommandType.ack, ackMessage });

const visible = /^[\x21-\x7e]{1,64}$/;

/** The client's own mark against doubles is the operation id; one that cannot be is hashed into one that can. */
function operationOf(dt: string | undefined): OperationId {
  if (dt === undefined || dt === '') return newOperation();
  return (visible.test(dt) ? dt : createHash('sha256').update(dt).digest('base64url')) as OperationId;
}

const mentionsOf = ({
  mentionPids,
  mentionAll,
}: DirectCommand): { mentions?: ClientId[]; mentionAll?: true } => ({
  ...((mentionPids?.length ?? 0) > 0 ? { mentions: distinct(mentionPids).map(asClientId) } : {}),
  ...(mentionAll ? { mentionAll: true } : {}),
});

const priorities = { 1: 'high', 2: 'normal', 3: 'low' } as const;

function priorityOf({ priority }: GenericCommand): { priority?: 'high' | 'normal' | 'low' } {
  const name = priorities[priority as 1 | 2 | 3];
  return name === undefined ? {} : { priority: name };
}

function pushOf(pushData: string | undefined): { push?: JsonObject } {
  if (pushData === undefined || pushData === '') return {};
  let push: unknown;
  try {
    push = parseJson(pushData, 'pushData');
  } catch (error) {
    if (!(error instanceof LeanCloudError)) throw error;
    push = pushData; // a text, then
  }
  return { push: isObject(push) ? (push as JsonObject) : { alert: String(push) } };
}
