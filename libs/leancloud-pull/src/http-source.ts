import { setMaxListeners } from 'node:events';
import { Agent, type Response, fetch } from 'undici';
import { PullError, SourceRefusal } from './errors.js';
import { Pacer, backOff, sleep } from './pacer.js';
import { parseExact } from './parse-exact.js';
import type { Parameters, Source } from './ports.js';
import { quotaPause, retryAfter } from './quota.js';
import { type Proof, authenticate } from './sign.js';
import type { Credentials, PullEvent } from './types.js';

export interface HttpSourceOptions {
  readonly server: URL;
  readonly credentials: Credentials;
  readonly proof?: Proof;
  readonly parallel?: number;
  readonly perMinute?: number;
  /** For one request with its whole answer. */
  readonly timeoutMs?: number;
  /** Largest pause before a failed request is repeated; what the server asks for may be longer. */
  readonly maxWaitMs?: number;
  /** How long one request may go on failing. */
  readonly patienceMs?: number;
  /** The same until the server has answered anything at all: the address is wrong, or there is no network. */
  readonly firstPatienceMs?: number;
  readonly maxBodyBytes?: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: PullEvent) => void;
  readonly now?: () => number;
}

/** Clocks further apart than this make a signature worthless. */
const SKEW_MS = 5 * 60_000;

type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly why: string; readonly throttled: boolean; readonly askedMs?: number };

export class HttpSource implements Source {
  requests = 0;
  serverTime: number;
  private hasAnswered = false;
  private readonly agent: Agent;
  private readonly pacer: Pacer;
  private readonly now: () => number;
  private readonly closing = new AbortController();
  /** The caller's, or that nobody waits for answers any longer. */
  private readonly signal: AbortSignal;

  constructor(private readonly options: HttpSourceOptions) {
    const parallel = options.parallel ?? 3;
    const { signal: given } = options;
    this.signal = given === undefined ? this.closing.signal : AbortSignal.any([given, this.closing.signal]);
    setMaxListeners(0, this.signal); // one per request under way
    this.pacer = new Pacer({ parallel, perMinute: options.perMinute, signal: this.signal });
    this.agent = new Agent({ connections: parallel, pipelining: 1, connect: { timeout: 15_000 } });
    this.now = options.now ?? Date.now;
    this.serverTime = this.now();
  }

  async get<T>(path: string, parameters: Parameters = {}): Promise<T> {
    const url = new URL(path.replace(/^\//, ''), this.options.server);
    for (const [name, value] of Object.entries(parameters))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const { maxWaitMs = 60_000, patienceMs = 15 * 60_000, firstPatienceMs = 30_000, onEvent } = this.options;
    const beganAt = Date.now();
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.pacer.run(() => this.attempt(url, path));
      if (outcome.ok) return outcome.value as T;
      const { why, throttled, askedMs } = outcome;
      // LeanCloud's throttle lasts a minute: without word from the server, begin with seconds.
      const waitMs = askedMs ?? backOff(attempt, throttled ? Math.min(8_000, maxWaitMs) : 250, maxWaitMs);
      const patience = this.hasAnswered ? patienceMs : Math.min(patienceMs, firstPatienceMs);
      if (Date.now() + waitMs > beganAt + patience) throw this.exhausted(path, why, throttled, askedMs);
      onEvent?.({ event: 'retry', path, why, waitMs });
      if (throttled) this.pacer.pauseUntil(Date.now() + waitMs);
      await sleep(waitMs, this.signal);
    }
  }

  /** Ends what is under way, pauses included: a pull that failed must not go on asking for pages that it had begun to fetch. */
  async close(): Promise<void> {
    this.closing.abort(new PullError('stopped', 'the pull has ended'));
    await this.agent.destroy();
  }

  private async attempt(url: URL, path: string): Promise<Outcome> {
    const { credentials, proof = 'key', timeoutMs = 60_000 } = this.options;
    const { signal } = this;
    const deadline = startDeadline(timeoutMs, signal);
    this.requests += 1;
    try {
      const response = await fetch(url, {
        dispatcher: this.agent,
        redirect: 'error', // the key goes nowhere else
        signal: deadline.signal,
        headers: { accept: 'application/json', ...authenticate(credentials, proof, this.now()) },
      });
      this.hasAnswered = true;
      const text = await readBody(response, this.options.maxBodyBytes ?? 64 * 1024 * 1024);
      return this.judge(path, response, text);
    } catch (error) {
      if (error instanceof PullError) throw error;
      if (signal.aborted) throw signal.reason;
      if (deadline.signal.aborted) return failed(`no whole answer in ${timeoutMs / 1000} s`);
      return failed(networkText(error));
    } finally {
      deadline.end();
    }
  }

  private judge(path: string, response: Response, text: string): Outcome {
    const date = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(date)) this.serverTime = date;
    const { status, headers } = response;
    const pause = quotaPause(headers, this.now());
    if (pause !== undefined) this.pacer.pauseUntil(Date.now() + Math.min(pause, 60 * 60_000));
    if (status === 429) {
      const askedMs = retryAfter(headers, this.now());
      return { ok: false, why: 'too many requests (429)', throttled: true, askedMs };
    }
    if (status >= 500 || status === 408)
      return { ...failed(`the server failed (${status})`), askedMs: retryAfter(headers, this.now()) };
    let value: unknown;
    try {
      value = parseExact(text);
    } catch {
      if (status < 400) return failed('the answer is not whole JSON');
    }
    if (status === 401) throw this.unauthorized(value);
    if (status >= 400) {
      const { code, error } = (value ?? {}) as { code?: unknown; error?: unknown };
      const said = typeof error === 'string' ? error.slice(0, 300) : text.slice(0, 300);
      throw new SourceRefusal(path, status, typeof code === 'number' ? code : undefined, said);
    }
    if (value === null || typeof value !== 'object') return failed('the answer is no object or list');
    return { ok: true, value };
  }

  private unauthorized(body: unknown): PullError {
    const apart = this.serverTime - this.now();
    if (this.options.proof === 'sign' && Math.abs(apart) > SKEW_MS) {
      const minutes = Math.round(Math.abs(apart) / 60_000);
      return new PullError(
        'clock',
        `this machine's clock is ${minutes} minutes ${apart > 0 ? 'behind' : 'ahead of'} LeanCloud's, so signatures are refused: set it, or leave out --sign`,
      );
    }
    const said = (body as { error?: unknown } | undefined)?.error;
    return new PullError(
      'credentials',
      `LeanCloud does not accept the app id and master key${typeof said === 'string' ? ` (${said.slice(0, 200)})` : ''}: check them, and the region or --server`,
    );
  }

  private exhausted(path: string, why: string, throttled: boolean, askedMs?: number): PullError {
    if (askedMs !== undefined)
      return new PullError(
        'throttled',
        `LeanCloud asks to wait ${Math.ceil(askedMs / 1000)} s (${why}): run the same command again then`,
      );
    const { host } = this.options.server;
    if (!this.hasAnswered)
      return new PullError(
        'unreachable',
        `${host} cannot be reached: ${why}; check the address (--server, --region) and the network, and run the same command again`,
      );
    return new PullError(
      throttled ? 'throttled' : 'unreachable',
      `GET ${path} at ${host} goes on failing: ${why}; run the same command again later`,
    );
  }
}

/** Let go of with the request: `AbortSignal.timeout` would hold every one until its time, minutes' worth of requests. */
function startDeadline(ms: number, outer: AbortSignal): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, ms);
  if (outer.aborted) abort();
  else outer.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      outer.removeEventListener('abort', abort);
    },
  };
}

const failed = (why: string): Extract<Outcome, { ok: false }> => ({ ok: false, why, throttled: false });

/** The body as text, cut off at a bound: an endless answer must not fill the memory. */
async function readBody(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function networkText(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
