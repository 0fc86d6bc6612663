import { AppError, type ErrorName } from '@hongyan/protocol';
import type { ErrorCommand } from './messages.js';

/** LeanCloud's codes with the names that its clients compare. */
export const codes = Object.freeze({
  APP_NOT_AVAILABLE: 4100,
  SIGNATURE_FAILED: 4102,
  INVALID_LOGIN: 4103,
  SESSION_REQUIRED: 4105,
  BLACKLISTED: 4106,
  READ_TIMEOUT: 4107,
  LOGIN_TIMEOUT: 4108,
  FRAME_TOO_LONG: 4109,
  INVALID_ORIGIN: 4110,
  SESSION_CONFLICT: 4111,
  SESSION_TOKEN_EXPIRED: 4112,
  APP_QUOTA_EXCEEDED: 4113,
  UNPARSEABLE_RAW_MESSAGE: 4114,
  KICKED_BY_APP: 4115,
  MESSAGE_SENT_QUOTA_EXCEEDED: 4116,
  INTERNAL_ERROR: 4200,
  SEND_MESSAGE_TIMEOUT: 4201,
  CONVERSATION_INTERNAL_ERROR: 4300,
  CONVERSATION_API_FAILED: 4301,
  CONVERSATION_SIGNATURE_FAILED: 4302,
  CONVERSATION_NOT_FOUND: 4303,
  CONVERSATION_FULL: 4304,
  CONVERSATION_REJECTED_BY_APP: 4305,
  CONVERSATION_UPDATE_FAILED: 4306,
  CONVERSATION_READ_ONLY: 4307,
  CONVERSATION_NOT_ALLOWED: 4308,
  CONVERSATION_UPDATE_REJECTED: 4309,
  CONVERSATION_QUERY_FAILED: 4310,
  CONVERSATION_LOG_FAILED: 4311,
  CONVERSATION_LOG_REJECTED: 4312,
  SYSTEM_CONVERSATION_REQUIRED: 4313,
  NORMAL_CONVERSATION_REQUIRED: 4314,
  CONVERSATION_BLACKLISTED: 4315,
  TRANSIENT_CONVERSATION_REQUIRED: 4316,
  CONVERSATION_MEMBERSHIP_REQUIRED: 4317,
  CONVERSATION_API_QUOTA_EXCEEDED: 4318,
  CONVERSATION_OPERATION_UNAUTHORIZED: 4320,
  UNKNOWN_CONVERSATION_ROLE: 4321,
  CONVERSATION_NEED_OWNER: 4324,
  INVALID_MESSAGING_TARGET: 4401,
  MESSAGE_REJECTED_BY_APP: 4402,
  MESSAGE_OWNERSHIP_REQUIRED: 4403,
  MESSAGE_NOT_FOUND: 4404,
  MESSAGE_UPDATE_REJECTED_BY_APP: 4405,
  MESSAGE_EDIT_DISABLED: 4406,
  MESSAGE_RECALL_DISABLED: 4407,
  MESSAGE_MODIFIED_BY_CENSORSHIP: 4408,
  BLACKLIST_FULL: 4543,
  BLACKLIST_SIGNATURE_FAILED: 4546,
  BLOCKED_BY_CONV: 4548,
  SILIENCED_MEMBER_LIST_FULL: 4561,
  SILIENCED: 4563,
} as const);

export type CodeName = keyof typeof codes;

/** What the client was doing: the same refusal has different codes in different commands. */
export type Context =
  'session' | 'send' | 'conv' | 'update' | 'query' | 'logs' | 'patch' | 'silence' | 'block';

type Table = Partial<Record<ErrorName, CodeName>>;

const everywhere: Table = {
  app_unavailable: 'APP_NOT_AVAILABLE',
  origin_not_allowed: 'INVALID_ORIGIN',
  unauthenticated: 'SESSION_REQUIRED',
  banned: 'BLACKLISTED',
  kicked: 'KICKED_BY_APP',
  session_conflict: 'SESSION_CONFLICT',
  session_expired: 'SESSION_TOKEN_EXPIRED',
  token_expired: 'SESSION_TOKEN_EXPIRED',
  token_invalid: 'SESSION_TOKEN_EXPIRED',
  logged_out: 'SESSION_TOKEN_EXPIRED',
  signature_invalid: 'SIGNATURE_FAILED',
  unsigned_login_forbidden: 'SIGNATURE_FAILED',
  too_large: 'FRAME_TOO_LONG',
  protocol_violation: 'UNPARSEABLE_RAW_MESSAGE',
  message_not_found: 'MESSAGE_NOT_FOUND',
  not_author: 'MESSAGE_OWNERSHIP_REQUIRED',
  edit_disabled: 'MESSAGE_EDIT_DISABLED',
  recall_disabled: 'MESSAGE_RECALL_DISABLED',
  recalled: 'MESSAGE_NOT_FOUND',
};

const conversation: Table = {
  internal: 'CONVERSATION_INTERNAL_ERROR',
  unavailable: 'CONVERSATION_INTERNAL_ERROR',
  storage_full: 'CONVERSATION_INTERNAL_ERROR',
  overloaded: 'CONVERSATION_INTERNAL_ERROR',
  deadline_exceeded: 'CONVERSATION_INTERNAL_ERROR',
  bad_request: 'CONVERSATION_API_FAILED',
  operation_conflict: 'CONVERSATION_API_FAILED',
  already_exists: 'CONVERSATION_API_FAILED',
  rate_limited: 'MESSAGE_SENT_QUOTA_EXCEEDED',
  not_found: 'CONVERSATION_NOT_FOUND',
  expired: 'CONVERSATION_NOT_FOUND',
  member_required: 'CONVERSATION_MEMBERSHIP_REQUIRED',
  join_required: 'CONVERSATION_MEMBERSHIP_REQUIRED',
  conversation_full: 'CONVERSATION_FULL',
  limit_exceeded: 'CONVERSATION_FULL',
  forbidden: 'CONVERSATION_NOT_ALLOWED',
  wrong_kind: 'CONVERSATION_NOT_ALLOWED',
  role_required: 'CONVERSATION_OPERATION_UNAUTHORIZED',
  owner_required: 'CONVERSATION_NEED_OWNER',
  blocked: 'BLOCKED_BY_CONV',
  silenced: 'SILIENCED',
  frozen: 'SILIENCED',
  signature_invalid: 'CONVERSATION_SIGNATURE_FAILED',
  rejected_by_hook: 'CONVERSATION_REJECTED_BY_APP',
  hook_failed: 'CONVERSATION_API_FAILED',
  filter_invalid: 'CONVERSATION_QUERY_FAILED',
  filter_too_complex: 'CONVERSATION_QUERY_FAILED',
};

const tables: Readonly<Record<Context, Table>> = {
  session: {
    bad_request: 'INVALID_LOGIN',
    limit_exceeded: 'APP_QUOTA_EXCEEDED',
    rate_limited: 'APP_QUOTA_EXCEEDED',
    rejected_by_hook: 'SIGNATURE_FAILED',
  },
  send: {
    ...conversation,
    internal: 'INTERNAL_ERROR',
    unavailable: 'INTERNAL_ERROR',
    storage_full: 'INTERNAL_ERROR',
    overloaded: 'INTERNAL_ERROR',
    clock_ahead: 'MESSAGE_SENT_QUOTA_EXCEEDED',
    deadline_exceeded: 'SEND_MESSAGE_TIMEOUT',
    bad_request: 'INVALID_MESSAGING_TARGET',
    not_found: 'INVALID_MESSAGING_TARGET',
    member_required: 'INVALID_MESSAGING_TARGET',
    join_required: 'INVALID_MESSAGING_TARGET',
    forbidden: 'INVALID_MESSAGING_TARGET',
    limit_exceeded: 'FRAME_TOO_LONG',
    rejected_by_hook: 'MESSAGE_REJECTED_BY_APP',
    hook_failed: 'MESSAGE_REJECTED_BY_APP',
  },
  conv: conversation,
  update: {
    ...conversation,
    wrong_kind: 'CONVERSATION_READ_ONLY',
    rejected_by_hook: 'CONVERSATION_UPDATE_REJECTED',
  },
  query: { ...conversation, bad_request: 'CONVERSATION_QUERY_FAILED' },
  logs: {
    ...conversation,
    bad_request: 'CONVERSATION_LOG_FAILED',
    member_required: 'CONVERSATION_LOG_REJECTED',
    join_required: 'CONVERSATION_LOG_REJECTED',
  },
  patch: {
    ...conversation,
    forbidden: 'MESSAGE_OWNERSHIP_REQUIRED',
    role_required: 'MESSAGE_OWNERSHIP_REQUIRED',
    rejected_by_hook: 'MESSAGE_UPDATE_REJECTED_BY_APP',
    not_found: 'MESSAGE_NOT_FOUND',
  },
  silence: { ...conversation, limit_exceeded: 'SILIENCED_MEMBER_LIST_FULL' },
  block: {
    ...conversation,
    limit_exceeded: 'BLACKLIST_FULL',
    signature_invalid: 'BLACKLIST_SIGNATURE_FAILED',
  },
};

export function codeNameOf(name: ErrorName, context: Context): CodeName {
  return tables[context][name] ?? everywhere[name] ?? 'INTERNAL_ERROR';
}

/** An error of a use case as these clients read it; a hook's own code and text go through. Unknown errors say only `reference`. */
export function leanCloudError(error: unknown, context: Context, reference?: string): ErrorCommand {
  if (error instanceof LeanCloudError) return error.command;
  const name = error instanceof AppError ? error.error : 'internal';
  const reason = codeNameOf(name, context);
  const detail = error instanceof AppError ? error.message : undefined;
  const hook = error instanceof AppError ? error.hook : undefined;
  const said = detail ?? (reference === undefined ? undefined : `reference ${reference}`);
  return {
    code: codes[reason],
    reason,
    ...(said === undefined ? {} : { detail: said }),
    ...(hook?.code === undefined ? {} : { appCode: hook.code }),
    ...(hook?.text === undefined ? {} : { appMsg: hook.text }),
  };
}

/** A refusal that only this protocol knows. */
export class LeanCloudError extends Error {
  override readonly name = 'LeanCloudError';

  constructor(
    readonly reason: CodeName,
    readonly detail?: string,
  ) {
    super(detail ?? reason);
  }

  get command(): ErrorCommand {
    const { reason, detail } = this;
    return { code: codes[reason], reason, ...(detail === undefined ? {} : { detail }) };
  }
}
