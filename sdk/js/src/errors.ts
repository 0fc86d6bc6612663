import type { ErrorName, WireError } from '@hongyan/protocol';

/** Errors that the SDK makes itself; their codes are 900–999, which servers do not use. */
const local = {
  queue_full: [900, true, 'Too many messages wait to be sent.'],
  client_closed: [901, false, 'The client is closed.'],
  timeout: [902, true, 'No answer in time; the outcome is unknown.'],
  connection_lost: [903, true, 'The connection was lost before the answer; the outcome is unknown.'],
  credentials_failed: [904, true, 'The credentials function failed.'],
  send_cancelled: [905, false, 'The message was cancelled before it was acknowledged.'],
  storage_failed: [906, true, 'The storage adapter failed.'],
} as const satisfies Record<string, readonly [number, boolean, string]>;

export type LocalErrorName = keyof typeof local;

/** What every promise of the SDK rejects with. Branch on `name` (or `code`); show `message` to developers only. */
export class HongyanError extends Error {
  override readonly name: ErrorName | LocalErrorName;
  readonly code: number;
  /** The same request may succeed later without being changed. */
  readonly temporary: boolean;
  readonly retryAfterMs: number | undefined;
  /** Finds the server's log line. */
  readonly reference: string | undefined;
  /** Code and text of the app's own hook. */
  readonly hook: WireError['hook'];

  constructor(name: LocalErrorName, cause?: unknown);
  constructor(wire: WireError);
  constructor(from: LocalErrorName | WireError, cause?: unknown) {
    const wire = typeof from === 'string' ? undefined : from;
    const own = typeof from === 'string' ? local[from] : undefined;
    super(wire?.message ?? own?.[2], cause === undefined ? undefined : { cause });
    this.name = wire?.name ?? (from as LocalErrorName);
    this.code = wire?.code ?? own?.[0] ?? 0;
    this.temporary = wire?.temporary ?? own?.[1] ?? false;
    this.retryAfterMs = wire?.retryAfterMs;
    this.reference = wire?.reference;
    this.hook = wire?.hook;
  }
}

export function asHongyanError(error: unknown): HongyanError {
  return error instanceof HongyanError ? error : new HongyanError('storage_failed', error);
}

/** True for what a server sends as an error; anything else came from the network. */
export function isWireError(value: unknown): value is WireError {
  return typeof value === 'object' && value !== null && 'code' in value && 'name' in value;
}
