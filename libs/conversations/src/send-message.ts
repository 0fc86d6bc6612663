import { randomBytes } from 'node:crypto';
import type { App } from '@hongyan/apps';
import { AppError, type Delivery, type MessageView, type Result, transientIdOf } from '@hongyan/protocol';
import type { Call, Core } from './core.js';
import {
  AddressedToService,
  hasJoined,
  messagePayload,
  type Send,
  sendIntent,
  sent,
} from './message-intent.js';
import { maySend } from './permissions.js';
import { audienceOf, audienceWithout, publishToOnline } from './publish.js';
import type { Outcome } from './sequencer.js';
import { sendToService, sendToThreads } from './system-threads.js';
import type { MessagePayload } from './types.js';

/**
 * `message.send`. Nothing is awaited before the message has its place in the conversation's queue, so that the sends
 * of one session keep their order.
 */
export function sendMessage(core: Core, caller: Call, args: Send): Promise<Result<'message.send'>> {
  const app = core.knownApp(caller.app);
  return app === undefined
    ? core.app(caller).then((found) => send(core, found, caller, args))
    : send(core, app, caller, args);
}

async function send(core: Core, app: App, caller: Call, args: Send): Promise<Result<'message.send'>> {
  const payload = messagePayload(app.limits, caller, args);
  if (args.transient) return await sendTransient(core, app, caller, args, payload);
  if (args.to !== undefined) return await sendToThreads(core, app, caller, args, payload);
  let outcome: Outcome;
  try {
    outcome = await core.sequencer.submit(
      caller.app,
      args.conversation,
      sendIntent(core, app, caller, args, payload),
    );
  } catch (error) {
    if (error instanceof AddressedToService) return await sendToService(core, app, caller, args, payload);
    throw error;
  }
  return sent(outcome);
}

/** Only for who is online now; kept by nobody. */
async function sendTransient(
  core: Core,
  app: App,
  caller: Call,
  args: Send,
  payload: MessagePayload,
): Promise<Result<'message.send'>> {
  const key = `${caller.app}\n${args.conversation}\n${caller.client ?? ''}\n${args.op}`;
  const first = core.unstored.get(key);
  if (first !== undefined) return { ...first, duplicate: true };
  const { state } = await core.visible(caller, args.conversation);
  const now = core.clock();
  const refusal = maySend(
    app,
    state,
    caller,
    { mentionAll: payload.mentionAll === true, joined: hasJoined(core, caller, state) },
    now,
  );
  if (refusal !== undefined) throw refusal;
  const toSome = args.to;
  const toEveryone = payload.everyone === true;
  if ((state.conversation.kind === 'system') !== (toSome !== undefined || toEveryone))
    throw new AppError('wrong_kind');
  const id = args.id ?? transientIdOf(state.id, randomBytes(6).toString('base64url'));
  const message: MessageView = {
    id,
    conversation: state.id,
    time: now,
    ...(caller.client === undefined ? {} : { from: caller.client }),
    format: payload.format,
    ...(payload.type === undefined ? {} : { type: payload.type }),
    body: args.body,
    ...(payload.mentions === undefined ? {} : { mentions: payload.mentions }),
    ...(payload.mentionAll ? { mentionAll: true } : {}),
    ...(payload.ext === undefined ? {} : { ext: payload.ext }),
    transient: true,
  };
  const result = { id, time: now };
  core.unstored.set(key, result);
  const delivery: Delivery = {
    app: caller.app,
    audience:
      toSome !== undefined
        ? { kind: 'clients', clients: [...new Set(toSome)] }
        : args.noSync
          ? audienceWithout(state, caller.client ?? '')
          : audienceOf(state),
    origin: caller.session,
    class: 'signal',
    priority: args.priority ?? 'normal',
    event: { type: 'transient', message },
  };
  if (toEveryone) await publishToOnline(core, state, delivery);
  else core.broker.publish([delivery]);
  return result;
}
