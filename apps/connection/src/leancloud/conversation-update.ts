import {
  CommandType,
  LeanCloudError,
  OpType,
  isObject,
  touchedColumns,
  iso,
  changeOf,
} from '@hongyan/leancloud';
import { conversationOf, newOperation, parseJson, type Call, type Reply } from './calls.js';

/** `conv/update`: columns by name or by dotted path, values or operations on values. */
export async function updateConversation(call: Call): Promise<Reply> {
  const { session, calls, command } = call;
  const { convMessage: conv = {} } = command;
  const conversation = conversationOf(conv.cid);
  if ((await calls.kindOf(session, conversation)) === 'temporary')
    throw new LeanCloudError('CONVERSATION_READ_ONLY', 'Temporary conversations do not change.');
  const columns = parseJson(conv.attr?.data, 'attr');
  if (!isObject(columns) || Object.keys(columns).length === 0)
    throw new LeanCloudError('CONVERSATION_UPDATE_FAILED', 'nothing to update');
  const { conversation: before } = await calls.run(session, 'conversation.get', { conversation });
  const change = changeOf(columns, before);
  const { time } = await calls.run(session, 'conversation.update', {
    op: newOperation(),
    conversation,
    ...change,
  });
  const { conversation: after } = await calls.run(session, 'conversation.get', { conversation });
  return {
    cmd: CommandType.conv,
    op: OpType.updated,
    convMessage: {
      cid: conversation,
      udate: iso(time),
      attrModified: { data: JSON.stringify(touchedColumns(after, Object.keys(columns))) },
    },
  };
}
