import {
  CommandType,
  fromWire,
  isRecalled,
  LeanCloudError,
  OpType,
  type PatchItem,
} from '@hongyan/leancloud';
import { asClientId, type MessageId } from '@hongyan/protocol';
import { distinct, newOperation, type Call, type Reply } from './calls.js';

/** `patch/modify`: edits and recalls. */
export async function modifyMessages(call: Call): Promise<Reply> {
  const { patches = [] } = call.command.patchMessage ?? {};
  if (patches.length === 0) throw new LeanCloudError('MESSAGE_NOT_FOUND', 'there is no patch');
  let lastPatchTime = 0;
  for (const item of patches) lastPatchTime = Math.max(lastPatchTime, await modify(call, item));
  return { cmd: CommandType.patch, op: OpType.modified, patchMessage: { lastPatchTime } };
}

async function modify({ session, calls }: Call, item: PatchItem): Promise<number> {
  const message = (item.mid ?? '') as MessageId;
  const { data, binaryMsg } = item;
  const body = fromWire({
    ...(data === undefined ? {} : { msg: data }),
    ...(binaryMsg === undefined ? {} : { binaryMsg }),
  });
  // Older Swift clients recall by an edit that says so.
  if (item.recall || isRecalled(body))
    return (await calls.run(session, 'message.recall', { op: newOperation(), message })).time;
  const mentions = distinct(item.mentionPids).map(asClientId);
  const { time } = await calls.run(session, 'message.edit', {
    op: newOperation(),
    message,
    ...body,
    ...(mentions.length > 0 ? { mentions } : {}),
    ...(item.mentionAll ? { mentionAll: true } : {}),
  });
  return time;
}
