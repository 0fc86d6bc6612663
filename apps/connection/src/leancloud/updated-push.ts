import { iso, OpType, touchedColumns } from '@hongyan/leancloud';
import type { ConversationView, EntryView } from '@hongyan/protocol';
import type { ConvPush } from './membership-pushes.js';

/** What an update of a conversation tells its members: what changed, and the touched columns as they are in `view`. */
export function updatedPush(entry: EntryView & { kind: 'updated' }, view: ConversationView): ConvPush {
  const { conversation, time, by, name, attributes = {}, columns = {} } = entry;
  const paths = Object.entries(attributes).map(([path, value]) => [`attr.${path}`, value] as const);
  const changed = [...paths, ...Object.entries(columns)].map(
    ([path, value]) => [path, value ?? { __op: 'Delete' }] as const,
  );
  const attr = { ...(name === undefined ? {} : { name }), ...Object.fromEntries(changed) };
  const conv = {
    cid: conversation,
    initBy: by ?? '',
    udate: iso(time),
    attr: { data: JSON.stringify(attr) },
    attrModified: { data: JSON.stringify(touchedColumns(view, Object.keys(attr))) },
  };
  return { op: OpType.updated, conv };
}
