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
  type ConversationId,
  type JsonObject,
  type OperationId,
} from '@hongyan/protocol';
import { conversationOf, distinct, newOperation, parseJson, type Call, type Reply } from './calls.js';
import type { Given } from './given.js';

/**
 * `direct`: a message. It is answered with its id and time, or with why it was refused; transient ones, too. Many are
 * under way at a time, each until it is on the disk: what they hold on to meanwhile is what the garbage collector costs.
 */
export function sendMessage({ session, calls, command }: Call): Promise<Reply> {
  const { directMessage: direct = {} } = command;
  const conversation = conversationOf(direct.cid);
  const send = sendOf(conversation, direct, command.priority);
  if (direct.will) {
    const id = transientIdOf(conversation, randomBytes(6).toString('base64url'));
    session.will = { ...send, transient: true, id };
    return Promise.resolve(ack({ cid: conversation, uid: id, t: Date.now() }));
  }
  const asked = direct.r === true;
  return calls.run(session, 'message.send', send).then(({ id, seq, time }) => {
    session.own.add({ id, conversation, seq, time }, asked);
    return ack({ cid: conversation, uid: id, t: time });
  });
}

type Send = { -readonly [K in keyof Given<'message.send'>]: Given<'message.send'>[K] };

function sendOf(conversation: ConversationId, direct: DirectCommand, priority: number | undefined): Send {
  const { format, type, body } = fromWire(direct);
  const send: Send = { op: operationOf(direct.dt), onConflict: 'first', conversation, format, body };
  if (type !== undefined) send.type = type;
  if ((direct.mentionPids?.length ?? 0) > 0) send.mentions = distinct(direct.mentionPids).map(asClientId);
  if (direct.mentionAll) send.mentionAll = true;
  if (direct.transient) send.transient = true;
  if (priority !== undefined && priority in priorities) send.priority = priorities[priority as 1 | 2 | 3];
  if (direct.pushData !== undefined && direct.pushData !== '') send.push = pushOf(direct.pushData);
  if (direct.r) send.receipt = true;
  return send;
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

const priorities = { 1: 'high', 2: 'normal', 3: 'low' } as const;

function pushOf(pushData: string): JsonObject {
  let push: unknown;
  try {
    push = parseJson(pushData, 'pushData');
  } catch (error) {
    if (!(error instanceof LeanCloudError)) throw error;
    push = pushData; // a text, then
  }
  return isObject(push) ? (push as JsonObject) : { alert: String(push) };
}
