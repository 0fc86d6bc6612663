import {
  AppError,
  type Args,
  type ConversationId,
  type MessageId,
  parseMessageId,
  type Result,
} from '@hongyan/protocol';
import { type Call, type Core, requireServer, seqResult } from './core.js';
import { messageContent } from './message-intent.js';
import { mayEdit, mayRecall } from './permissions.js';
import type { Outcome } from './sequencer.js';
import type { MessageEntry } from './types.js';
import { messageView } from './views.js';

interface MessagePlace {
  readonly conversation: ConversationId;
  readonly seq: number;
}

/** Where a message lies, or lay; undefined: the id was never given out. */
export async function findMessage(
  core: Core,
  { app }: Call,
  id: MessageId,
): Promise<MessagePlace | undefined> {
  return parseMessageId(id) ?? (await core.imports?.find(app, id));
}

/** The same; ids that were never given out are answered like messages that do not exist. */
export async function locate(core: Core, caller: Call, id: MessageId): Promise<MessagePlace> {
  const place = await findMessage(core, caller, id);
  if (place === undefined) throw new AppError('message_not_found');
  return place;
}

async function target(
  core: Core,
  caller: Call,
  conversation: ConversationId,
  seq: number,
): Promise<MessageEntry | undefined> {
  const [message] = await core.log.messages(caller.app, conversation, [seq]);
  return message;
}

/** `message.edit`: same id, sequence, time and sender; another content. The last edit in the log wins. */
export async function editMessage(
  core: Core,
  caller: Call,
  args: Args<'message.edit'>,
): Promise<Result<'message.edit'>> {
  const app = await core.app(caller);
  const { conversation, seq } = await locate(core, caller, args.message);
  const content = messageContent(app.limits, args);
  const outcome = await core.change(app, caller, conversation, args.op, async (state) => {
    const message = await target(core, caller, conversation, seq);
    if (message === undefined || message.deleted) return new AppError('message_not_found');
    const refusal = mayEdit(app, state, caller, message, core.clock());
    if (refusal !== undefined) return refusal;
    if (message.recalled) return new AppError('recalled');
    return { payload: { kind: 'edit', target: seq, ...content }, target: message };
  });
  const now = await target(core, caller, conversation, seq);
  if (now === undefined || now.deleted) throw new AppError('message_not_found');
  return { ...seqResult(outcome), message: messageView(outcome.state.conversation, now, caller.client) };
}

/** `message.recall`: the content is gone for everybody; the place in the log stays. Recalling twice succeeds. */
export async function recallMessage(
  core: Core,
  caller: Call,
  args: Args<'message.recall'>,
): Promise<Result<'message.recall'>> {
  const app = await core.app(caller);
  const { conversation, seq } = await locate(core, caller, args.message);
  const outcome: Outcome = await core.change(app, caller, conversation, args.op, async (state) => {
    const message = await target(core, caller, conversation, seq);
    if (message === undefined || message.deleted) return new AppError('message_not_found');
    const refusal = mayRecall(app, state, caller, message, core.clock());
    if (refusal !== undefined) return refusal;
    return message.recalled ? undefined : { payload: { kind: 'recall', target: seq }, target: message };
  });
  return seqResult(outcome);
}

/**
 * `message.delete`: for everybody as if it had not been sent; only its place in the log stays. Members hear of it. Deleting
 * twice succeeds.
 */
export async function deleteMessage(
  core: Core,
  caller: Call,
  args: Args<'message.delete'>,
): Promise<Result<'message.delete'>> {
  requireServer(caller);
  const app = await core.app(caller);
  const { conversation, seq } = await locate(core, caller, args.message);
  const outcome = await core.change(app, caller, conversation, args.op, async () => {
    const message = await target(core, caller, conversation, seq);
    if (message === undefined) return new AppError('message_not_found');
    return message.deleted ? undefined : { payload: { kind: 'delete', target: seq }, target: message };
  });
  return seqResult(outcome);
}
