import type { App } from '@hongyan/apps';
import {
  AppError,
  type Args,
  type ClientId,
  isTransientId,
  type Limits,
  messageIdOf,
  parseMessageId,
  type Result,
} from '@hongyan/protocol';
import type { Call, Core } from './core.js';
import { maySee, maySend } from './permissions.js';
import type { Intent, Outcome } from './sequencer.js';
import type { ConversationState } from './state.js';
import type { Content, MessagePayload } from './types.js';

export type Send = Args<'message.send'>;

/** A client wrote to a system conversation: that goes to its own thread with the service. */
export class AddressedToService extends AppError {}

/** To send `payload`: refused with {@link AddressedToService} where it belongs into a thread. Rooms count no messages. */
export function sendIntent(core: Core, app: App, caller: Call, args: Send, payload: MessagePayload): Intent {
  return {
    author: caller.client ?? '',
    op: args.op,
    origin: caller.session,
    wait: caller,
    alone: false,
    firstWins: args.onConflict === 'first',
    withoutAuthor: args.noSync === true,
    decide: (state) => {
      const now = core.clock();
      const { kind } = state.conversation;
      if (kind === 'system' && !caller.server) return new AddressedToService('wrong_kind');
      if (payload.everyone && kind !== 'system') return new AppError('wrong_kind');
      const facts = { mentionAll: payload.mentionAll === true, joined: hasJoined(core, caller, state) };
      const refusal = maySee(app, state, caller, now) ?? maySend(app, state, caller, facts, now);
      if (refusal !== undefined) return refusal;
      if (kind === 'room') return { ...payload, silent: true };
      return payload.everyone && state.conversation.audience === 'everyone' ? toMembers(payload) : payload;
    },
  };
}

/** Where everyone is a member a broadcast needs no mark. */
const toMembers = ({ everyone: _, ...payload }: MessagePayload): MessagePayload => payload;

export const hasJoined = (core: Core, caller: Call, state: ConversationState): boolean =>
  state.conversation.kind === 'room' &&
  caller.session !== undefined &&
  core.rooms.joined(caller.app, state.id, caller.session);

/** The answer to a send that was committed, now or by an earlier try. */
export function sent({ entry, duplicate, state }: Outcome): Result<'message.send'> {
  if (entry === undefined) throw new AppError('internal');
  return {
    id: messageIdOf(state.id, entry.seq),
    seq: entry.seq,
    time: entry.time,
    ...(duplicate ? { duplicate } : {}),
  };
}

/** What is stored of a send. Throws for fields that are the server’s only, or too large, or of another conversation. */
export function messagePayload(limits: Limits, caller: Call, args: Send): MessagePayload {
  const { replyTo, silent, priority, ext, expiresAt, push, receipt } = args;
  if (
    !caller.server &&
    (ext !== undefined ||
      args.to !== undefined ||
      args.audience !== undefined ||
      expiresAt !== undefined ||
      args.noSync)
  )
    throw new AppError('forbidden');
  if (args.to !== undefined && args.audience !== undefined)
    throw new AppError('bad_request', { detail: 'either to or audience says whom it is for' });
  if (replyTo !== undefined && parseMessageId(replyTo)?.conversation !== args.conversation) {
    throw new AppError('bad_request', { detail: 'replyTo is not a message of this conversation' });
  }
  if (args.id !== undefined && !(args.transient && isTransientId(args.id, args.conversation)))
    throw new AppError('bad_request', { detail: 'only a transient message is given an id, of its own form' });
  if (ext !== undefined && JSON.stringify(ext).length > 2048)
    throw new AppError('too_large', { detail: 'ext is larger than 2 KB' });
  return {
    kind: 'message',
    ...messageContent(limits, args),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(ext === undefined ? {} : { ext }),
    ...(silent ? { silent } : {}),
    ...(priority === undefined || priority === 'normal' ? {} : { priority }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(args.audience === undefined ? {} : { everyone: true }),
    ...(push === undefined ? {} : { push }),
    ...(receipt ? { receipt } : {}),
  };
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Content of a send or an edit within the app's limits; bodies are kept as they came. */
export function messageContent(
  limits: Limits,
  args: Pick<Send, 'format' | 'type' | 'body' | 'mentions' | 'mentionAll'>,
): Content {
  const { format, type, mentions, mentionAll } = args;
  let body: string | Uint8Array = args.body;
  if (format === 'binary') {
    if (!base64.test(args.body)) throw new AppError('bad_request', { detail: 'the body is not base64' });
    body = Buffer.from(args.body, 'base64');
  } else if (format === 'json') {
    try {
      JSON.parse(args.body);
    } catch (cause) {
      throw new AppError('bad_request', { detail: 'the body is not JSON', cause });
    }
  }
  // UTF-16 length times three bounds the UTF-8 length: most bodies need no counting.
  const size =
    typeof body !== 'string'
      ? body.length
      : body.length * 3 <= limits.bodyBytes
        ? 0
        : Buffer.byteLength(body);
  if (size > limits.bodyBytes)
    throw new AppError('too_large', { detail: `the body is larger than ${limits.bodyBytes} bytes` });
  const unique: readonly ClientId[] | undefined =
    mentions === undefined || mentions.length === 0 ? undefined : [...new Set(mentions)];
  if (unique !== undefined && unique.length > limits.mentions)
    throw new AppError('limit_exceeded', { detail: `at most ${limits.mentions} mentions` });
  return {
    format,
    ...(type === undefined ? {} : { type }),
    body,
    ...(unique === undefined ? {} : { mentions: unique }),
    ...(mentionAll ? { mentionAll } : {}),
  };
}
