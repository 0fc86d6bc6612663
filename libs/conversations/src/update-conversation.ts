import { AppError, type Args, type Result } from '@hongyan/protocol';
import { checkAttributes, mergeAttributes } from './attributes.js';
import { type Call, type Core, seqResult } from './core.js';
import { mayDelete, maySetRole, mayUpdate } from './permissions.js';

/** `conversation.update`: name, attributes and columns (paths with dots; null removes), freeze. */
export async function updateConversation(
  core: Core,
  caller: Call,
  args: Args<'conversation.update'>,
): Promise<Result<'conversation.update'>> {
  const app = await core.app(caller);
  const { name, attributes, columns, frozen } = args;
  if ([name, attributes, columns, frozen].every((change) => change === undefined))
    throw new AppError('bad_request', { detail: 'nothing to update' });
  if ((name?.length ?? 0) > app.limits.nameLength)
    throw new AppError('too_large', { detail: `a name has at most ${app.limits.nameLength} characters` });
  return seqResult(
    await core.change(app, caller, args.conversation, args.op, (state) => {
      const refusal = mayUpdate(app, state, caller, { frozen: frozen !== undefined });
      if (refusal !== undefined) return refusal;
      const { attributes: before, columns: ownBefore = {} } = state.conversation;
      const merged = attributes && mergeAttributes(before, attributes);
      checkAttributes(merged, app.limits.attributeBytes);
      const own = columns && mergeAttributes(ownBefore, columns);
      checkAttributes(own, app.limits.attributeBytes, 'columns');
      return {
        ...{ kind: 'updated', name, frozen },
        ...(merged === undefined ? {} : { attributes: merged, changed: attributes }),
        ...(own === undefined ? {} : { columns: own, changedColumns: columns }),
      };
    }),
  );
}

/** `conversation.delete`: the last entry of the log. The id is never used again. */
export async function deleteConversation(
  core: Core,
  caller: Call,
  args: Args<'conversation.delete'>,
): Promise<Result<'conversation.delete'>> {
  const app = await core.app(caller);
  const outcome = await core.change(
    app,
    caller,
    args.conversation,
    args.op,
    (state) => mayDelete(state, caller) ?? { kind: 'deleted' },
  );
  core.states.evict(caller.app, args.conversation);
  return seqResult(outcome);
}

/**
 * `conversation.setRole`. Making somebody owner makes the former owner a manager. In a room, which has no members, whoever
 * is given a role has a row until it is taken away (`member`).
 */
export async function setRole(
  core: Core,
  caller: Call,
  args: Args<'conversation.setRole'>,
): Promise<Result<'conversation.setRole'>> {
  const app = await core.app(caller);
  const { member, role } = args;
  return seqResult(
    await core.change(app, caller, args.conversation, args.op, (state) => {
      if (state.conversation.kind !== 'ordinary' && state.conversation.kind !== 'room')
        return new AppError('wrong_kind');
      const refusal = maySetRole(state, caller, member, role);
      if (refusal !== undefined) return refusal;
      const former = role === 'owner' ? state.owner : undefined;
      const change = { kind: 'role', member, role, ...(former === undefined ? {} : { former }) } as const;
      const now = state.isMember(member) ? state.members.get(member)?.role : undefined;
      if (now === role) return undefined;
      if (state.conversation.kind !== 'room') return change;
      if (role === 'member') return now === undefined ? undefined : { ...change, row: 'out' };
      if (now !== undefined) return change;
      if (state.blocked.has(member)) return new AppError('blocked');
      if (state.memberCount >= app.limits.members) return new AppError('conversation_full');
      return { ...change, row: 'in' };
    }),
  );
}
