/**
 * The one error table. Every door maps an {@link AppError} with it; docs/reference/errors.md is printed from it and a
 * test holds the two together.
 *
 * Ranges: 1000–1099 request and server, 1100–1199 who you are, 1200–1299 why a session was closed,
 * 1300–1399 conversations, 1400–1499 messages, 1500–1599 queries, 1600–1699 administration,
 * 2000–2999 a tenant's own hooks.
 */
export interface ErrorDefinition {
  readonly code: number;
  /** One sentence for a developer. */
  readonly text: string;
  /** True when the same request may succeed later without being changed. */
  readonly temporary: boolean;
  readonly httpStatus: number;
  /** What a client does about it. */
  readonly action: string;
}

const define = (
  code: number,
  httpStatus: number,
  temporary: boolean,
  text: string,
  action: string,
): ErrorDefinition => ({ code, httpStatus, temporary, text, action });

export const errorTable = {
  internal: define(
    1000,
    500,
    true,
    'The server failed; the reference id finds the log line.',
    'Retry with back-off; report the reference.',
  ),
  bad_request: define(1001, 400, false, 'The request does not match the schema.', 'Fix the request.'),
  unknown_operation: define(
    1002,
    400,
    false,
    'There is no such operation.',
    'Fix the request or update the SDK.',
  ),
  unsupported_version: define(
    1003,
    400,
    false,
    'The server does not speak this protocol version.',
    'Update the SDK or the server.',
  ),
  too_large: define(1004, 413, false, 'The frame or the body is larger than the app allows.', 'Send less.'),
  rate_limited: define(1005, 429, true, 'Too many requests.', 'Wait retryAfterMs, then retry.'),
  overloaded: define(1006, 503, true, 'A queue of the server is full.', 'Retry with back-off.'),
  deadline_exceeded: define(
    1007,
    504,
    true,
    'No answer in time; the outcome is unknown.',
    'Retry with the same operation id.',
  ),
  unavailable: define(1008, 503, true, 'The store cannot be reached.', 'Retry with back-off.'),
  storage_full: define(
    1009,
    507,
    true,
    'The store has no space left; nothing acknowledged was lost.',
    'The operator must free space; retry with back-off.',
  ),
  not_found: define(
    1010,
    404,
    false,
    'There is no such thing, or it is not visible to you.',
    'Do not retry.',
  ),
  operation_conflict: define(
    1011,
    409,
    false,
    'This operation id was used before with another content.',
    'Use a new operation id for a new operation.',
  ),
  clock_ahead: define(
    1012,
    429,
    true,
    'The conversation is written faster than its clock runs.',
    'Retry after a second.',
  ),
  cancelled: define(
    1013,
    499,
    true,
    'The caller went away before the answer.',
    'Retry with the same operation id.',
  ),

  unauthenticated: define(1100, 401, false, 'No valid credential was given.', 'Log in with a credential.'),
  token_invalid: define(
    1101,
    401,
    false,
    'The token is malformed, forged or for another app; or there is no such app.',
    'Get a new token from your server.',
  ),
  token_expired: define(1102, 401, false, 'The token has expired.', 'Get a new token from your server.'),
  signature_invalid: define(
    1103,
    401,
    false,
    'The signature does not match or is too old; or there is no such app.',
    'Get a new signature from your server.',
  ),
  app_unavailable: define(
    1104,
    401,
    false,
    'There is no such app, or it is switched off.',
    'Check the app id and key.',
  ),
  banned: define(1105, 403, false, 'This client is banned from the app.', 'Do not retry.'),
  origin_not_allowed: define(
    1106,
    403,
    false,
    'The app does not allow this web origin.',
    'Add the origin to the app.',
  ),
  unsigned_login_forbidden: define(
    1107,
    401,
    false,
    'The app demands a signed login; or there is no such app.',
    'Log in with a JWT or a signature.',
  ),

  session_conflict: define(
    1200,
    409,
    false,
    'The client logged in elsewhere with the same tag.',
    'Tell the user; do not reconnect by yourself.',
  ),
  kicked: define(1201, 403, false, 'The app closed this session.', 'Do not reconnect by yourself.'),
  session_expired: define(
    1202,
    401,
    false,
    'The session token has expired or was revoked.',
    'Log in again with a credential.',
  ),
  resync: define(
    1203,
    503,
    true,
    'The client read too slowly; events were not queued any longer.',
    'Reconnect and sync.',
  ),
  shutting_down: define(1204, 503, true, 'This server is going away.', 'Reconnect after the given delay.'),
  logged_out: define(1205, 401, false, 'The client logged out.', 'Nothing.'),
  flooding: define(
    1206,
    429,
    true,
    'The connection sent far more than it may.',
    'Reconnect after the given delay and send less.',
  ),
  protocol_violation: define(
    1207,
    400,
    false,
    'The connection sent frames that are not of this protocol.',
    'Fix the client.',
  ),

  forbidden: define(1300, 403, false, 'You may not do this here.', 'Do not retry.'),
  member_required: define(1301, 403, false, 'Only members may do this.', 'Join first, or do not retry.'),
  conversation_full: define(
    1302,
    409,
    false,
    'The conversation has as many members as it may have.',
    'Remove members or start another conversation.',
  ),
  silenced: define(
    1303,
    403,
    false,
    'You are silenced in this conversation.',
    'Wait until the silence ends.',
  ),
  frozen: define(
    1304,
    403,
    false,
    'Only managers may send to this conversation now.',
    'Wait until it is unfrozen.',
  ),
  blocked: define(1305, 403, false, 'A block forbids this.', 'Do not retry.'),
  role_required: define(1306, 403, false, 'Your role does not allow this.', 'Ask an owner or a manager.'),
  wrong_kind: define(
    1307,
    400,
    false,
    'This kind of conversation does not know the operation.',
    'Fix the request.',
  ),
  join_required: define(1308, 403, false, 'Join the room first.', 'Join, then retry.'),
  owner_required: define(
    1309,
    403,
    false,
    'A conversation needs an owner.',
    'Make somebody else owner first.',
  ),
  limit_exceeded: define(
    1310,
    409,
    false,
    'A limit of the app would be passed.',
    'Ask for less, or raise the limit.',
  ),
  expired: define(1311, 410, false, 'The conversation has expired.', 'Start another.'),

  message_not_found: define(
    1400,
    404,
    false,
    'There is no such message, or it is not visible to you.',
    'Do not retry.',
  ),
  not_author: define(1401, 403, false, 'Only the author may do this.', 'Do not retry.'),
  edit_disabled: define(
    1402,
    403,
    false,
    'The app does not allow editing, or no longer for this message.',
    'Do not retry.',
  ),
  recall_disabled: define(
    1403,
    403,
    false,
    'The app does not allow recalling, or no longer for this message.',
    'Do not retry.',
  ),
  recalled: define(1404, 409, false, 'The message was recalled.', 'Do not retry.'),

  filter_invalid: define(1500, 400, false, 'The filter is not understood.', 'Fix the filter.'),
  filter_too_complex: define(
    1501,
    400,
    false,
    'The filter is larger or slower than allowed.',
    'Ask for less.',
  ),

  already_exists: define(1600, 409, false, 'Something with this id exists already.', 'Choose another id.'),
  in_use: define(1601, 409, false, 'Another process holds this.', 'Stop the other process, or use it.'),

  rejected_by_hook: define(2000, 403, false, "The app's own hook refused.", "See the app's code and text."),
  hook_failed: define(2001, 502, true, "The app's own hook did not answer well.", 'Retry with back-off.'),
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorName = keyof typeof errorTable;

export interface AppErrorOptions {
  /** Says what exactly is wrong, to a developer; never holds secrets or another client's data. */
  readonly detail?: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
  /** Code and text of a tenant's own hook. */
  readonly hook?: { readonly code?: number; readonly text?: string };
}

/** What use cases throw. Doors turn it into their own shape with {@link errorTable}. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly detail: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly hook: AppErrorOptions['hook'];

  constructor(
    readonly error: ErrorName,
    options: AppErrorOptions = {},
  ) {
    super(
      options.detail ?? errorTable[error].text,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.detail = options.detail;
    this.retryAfterMs = options.retryAfterMs;
    this.hook = options.hook;
  }

  get definition(): ErrorDefinition {
    return errorTable[this.error];
  }
}

/** The shape of an error on the native socket and in REST bodies. */
export interface WireError {
  readonly code: number;
  readonly name: ErrorName;
  readonly message: string;
  readonly temporary: boolean;
  readonly retryAfterMs?: number;
  /** For `internal`: finds the log line. */
  readonly reference?: string;
  readonly hook?: { readonly code?: number; readonly text?: string };
}

/** Refusals that would tell an outsider that something exists; native and REST doors answer `not_found` instead. */
const folded: Partial<Record<ErrorName, ErrorName>> = { member_required: 'not_found' };

/** Maps an error of a use case to the native and REST shape; unknown errors become `internal` with `reference`. */
export function toWireError(error: unknown, reference: string): WireError {
  if (!(error instanceof AppError)) {
    const { code, text, temporary } = errorTable.internal;
    return { code, name: 'internal', message: text, temporary, reference };
  }
  const name = folded[error.error] ?? error.error;
  const { code, text, temporary } = errorTable[name];
  return {
    code,
    name,
    message: name === error.error ? error.message : text,
    temporary,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    ...(error.hook === undefined ? {} : { hook: error.hook }),
    ...(name === 'internal' ? { reference } : {}),
  };
}
