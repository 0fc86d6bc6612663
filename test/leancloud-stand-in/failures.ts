import type { IncomingMessage, ServerResponse } from 'node:http';

export type FailureKind =
  'throttle' | 'throttle-after' | 'quota' | 'error' | 'slow' | 'cut' | 'truncated' | 'html' | 'reset';

export interface Failure {
  readonly kind: FailureKind;
  /** Of the path; default all. */
  readonly path?: RegExp;
  /** Every so many requests that match. 1: each. */
  readonly every: number;
  /** How often in all; default without end. */
  times?: number;
  readonly seconds?: number;
}

/** Which requests fail, and how: by counting, so that a run can be repeated. */
export class Failures {
  readonly seen: Partial<Record<FailureKind, number>> = {};
  private active: (Failure & { count: number })[] = [];

  set(failures: readonly Failure[]): void {
    this.active = failures.map((failure) => ({ ...failure, count: 0 }));
  }

  /** The failure of this request, if any. */
  next(path: string): Failure | undefined {
    for (const failure of this.active) {
      if (failure.path?.test(path) === false || failure.times === 0) continue;
      failure.count += 1;
      if (failure.count % failure.every !== 0) continue;
      if (failure.times !== undefined) failure.times -= 1;
      this.seen[failure.kind] = (this.seen[failure.kind] ?? 0) + 1;
      return failure;
    }
    return undefined;
  }
}

/** Plays it on the answer that would have been `text`. False: the answer is to be sent as it is. */
export function playFailure(
  failure: Failure,
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
): boolean {
  const seconds = failure.seconds ?? 1;
  const half = text.slice(0, Math.max(1, text.length >> 1));
  switch (failure.kind) {
    case 'throttle':
      response.writeHead(429).end('{"code":429,"error":"Too many requests."}');
      return true;
    case 'throttle-after':
      response
        .writeHead(429, { 'retry-after': String(seconds) })
        .end('{"code":429,"error":"Too many requests."}');
      return true;
    case 'quota':
      response.setHeader('x-ratelimit-remaining', '0').setHeader('x-ratelimit-reset', String(seconds));
      return false;
    case 'error':
      response.writeHead(502).end('<html>bad gateway</html>');
      return true;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>maintenance</html>');
      return true;
    case 'slow':
      setTimeout(
        () => response.writeHead(200, { 'content-type': 'application/json' }).end(text),
        seconds * 1000,
      ).unref();
      return true;
    case 'cut':
      response.writeHead(200, { 'content-length': Buffer.byteLength(text) + 10 });
      response.write(half, () => request.socket.destroy());
      return true;
    case 'truncated':
      response.writeHead(200, { 'content-type': 'application/json' }).end(half);
      return true;
    case 'reset':
      request.socket.resetAndDestroy();
      return true;
  }
}
