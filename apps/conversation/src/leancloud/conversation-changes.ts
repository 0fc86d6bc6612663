import {
  applyOperation,
  changeOf,
  fromColumns,
  isColumnOperation,
  LeanCloudError,
  type ColumnOperation,
} from '@hongyan/leancloud';
import {
  AppError,
  isClientId,
  type BulkResult,
  type ClientId,
  type ConversationId,
  type ConversationKind,
  type ConversationView,
  type Result,
} from '@hongyan/protocol';
import { inTurns } from './pages.js';
import { newOperation, type RestCall } from './rest-call.js';

type Columns = Readonly<Record<string, unknown>>;

/** Makes a conversation from columns; the creator `c`, if one is named, owns it. */
export function createFromColumns(
  call: RestCall,
  columns: Columns,
  kind: ConversationKind,
): Promise<Result<'conversation.create'>> {
  const plain = Object.fromEntries(Object.entries(columns).map(([key, value]) => [key, begun(value)]));
  const { m = [], c, unique } = plain;
  const members = clientsIn(m, 'm');
  const creator = c === undefined ? undefined : clientsIn([c], 'c')[0];
  const isRoomLike = kind === 'room' || kind === 'system';
  return call.run(
    'conversation.create',
    {
      op: call.parts.op,
      kind,
      ...fromColumns(plain),
      ...(isRoomLike ? {} : { members }),
      ...(unique === true && !isRoomLike ? { unique: true } : {}),
    },
    kind === 'system' ? undefined : creator,
  );
}

/** Of the row that is being made. */
export const kindIn = ({ tr, sys }: Columns): ConversationKind =>
  sys === true ? 'system' : tr === true ? 'room' : 'ordinary';

/** SDKs write even the first value of a column as an operation on nothing. */
const begun = (value: unknown): unknown =>
  isColumnOperation(value) ? applyOperation(value, undefined) : value;

/** Changes columns: names and attributes as one change, members (`m`) and who wants no push (`mu`) as their own. */
export async function changeColumns(
  call: RestCall,
  before: ConversationView,
  { m, mu, ...columns }: Columns,
): Promise<void> {
  if (m !== undefined) await changeMembers(call, before.id, m);
  if (mu !== undefined) await changeMuted(call, before.id, mu);
  if (Object.keys(columns).length === 0) return;
  const change = changeOf(columns, before);
  await call.run('conversation.update', { op: call.parts.op, conversation: before.id, ...change });
}

async function changeMembers(call: RestCall, conversation: ConversationId, given: unknown): Promise<void> {
  const [adds, members] = listChange(given, 'm');
  const change = { op: newOperation(), conversation, members };
  if (members.length === 0) return;
  refuseIfNone(await (adds ? call.run('conversation.add', change) : call.run('conversation.remove', change)));
}

async function changeMuted(call: RestCall, conversation: ConversationId, given: unknown): Promise<void> {
  const [adds, clients] = listChange(given, 'mu');
  await setMuted(call, conversation, clients, adds);
}

/** Whether these want no push. Who is no member is refused; the others have been changed. */
export async function setMuted(
  call: RestCall,
  conversation: ConversationId,
  clients: readonly ClientId[],
  muted: boolean,
): Promise<void> {
  const muteUntil = muted ? null : 0;
  await inTurns(clients, (client) => call.run('conversation.setState', { conversation, muteUntil }, client));
}

/** Lists of clients change by operations only: a whole list would undo what happens meanwhile. */
function listChange(given: unknown, column: string): [adds: boolean, clients: ClientId[]] {
  const { __op: name, objects } = isColumnOperation(given) ? given : ({ __op: '' } as ColumnOperation);
  if (!['Add', 'AddUnique', 'Remove'].includes(name))
    throw new LeanCloudError(
      'CONVERSATION_UPDATE_REJECTED',
      `"${column}" changes by Add, AddUnique and Remove`,
    );
  return [name !== 'Remove', clientsIn(objects, column)];
}

function clientsIn(value: unknown, column: string): ClientId[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [undefined];
  return list.map((one) => {
    if (typeof one === 'string' && isClientId(one)) return one;
    throw new AppError('bad_request', { detail: `${column}: not a list of client ids` });
  });
}

/** A change of several clients that was possible for none of them is refused as the first one was. */
export function refuseIfNone(
  result: BulkResult,
): readonly { client: ClientId; code: number; reason: string }[] {
  const [first] = result.failed;
  if (first !== undefined && result.done.length === 0) throw new AppError(first.name as 'forbidden');
  return result.failed.map(({ client, code, name }) => ({ client, code, reason: name }));
}
