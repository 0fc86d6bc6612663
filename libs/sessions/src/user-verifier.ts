import type { App } from '@hongyan/apps';
import { AppError, isClientId, type AppId, type ClientId } from '@hongyan/protocol';
import { guardedFetch } from './guarded-fetch.js';

export interface UserVerifierOptions {
  /** May the URL be http, and lead to private networks? */
  readonly allowPrivate?: boolean;
  readonly timeoutMs?: number;
  /** Questions of one app that may be under way at once. */
  readonly perApp?: number;
}

const maxAnswerBytes = 16 * 1024;
const longestText = 200;

/** Asks a tenant's own server (`login.verifierUrl`) whose a token of its user system is. */
export class UserVerifier {
  private readonly underWay = new Map<AppId, number>();

  constructor(private readonly options: UserVerifierOptions = {}) {}

  /**
   * The client that holds `token`. Throws AppError: `rejected_by_hook` (with the server's own code and text) when the
   * server does not vouch for it or the app has none, `hook_failed` when it does not answer well or in time,
   * `overloaded` when too many questions of the app are under way.
   */
  async verify(app: App, token: string): Promise<ClientId> {
    const { verifierUrl } = app.login;
    if (verifierUrl === undefined)
      throw new AppError('rejected_by_hook', { detail: 'The app has no verifier (login.verifierUrl).' });
    const { perApp = 20 } = this.options;
    const waiting = this.underWay.get(app.id) ?? 0;
    if (waiting >= perApp) throw new AppError('overloaded', { retryAfterMs: 1_000 });
    this.underWay.set(app.id, waiting + 1);
    try {
      return await this.ask(app, verifierUrl, token);
    } finally {
      const left = (this.underWay.get(app.id) ?? 1) - 1;
      if (left === 0) this.underWay.delete(app.id);
      else this.underWay.set(app.id, left);
    }
  }

  private async ask(app: App, url: string, token: string): Promise<ClientId> {
    const { allowPrivate = false, timeoutMs = 5_000 } = this.options;
    const response = await guardedFetch(url, {
      allowPrivate,
      timeoutMs,
      maxBytes: maxAnswerBytes,
      body: { session_token: token },
      headers: { 'x-hongyan-app': app.id },
    }).catch((cause: unknown) => {
      throw new AppError('hook_failed', { detail: 'The verifier cannot be reached.', cause });
    });
    const answer = await objectOf(response);
    if (response.status >= 400 && response.status < 500) throw refusal(answer);
    if (response.status !== 200) throw failed(`The verifier answers with status ${response.status}.`);
    if (answer?.['result'] === false) throw refusal(answer);
    const client = answer?.['client_id'];
    if (typeof client !== 'string' || !isClientId(client))
      throw failed('The verifier names no client id (client_id).');
    return client;
  }
}

type Answer = Readonly<Record<string, unknown>>;

/** Undefined: what came is no JSON object. */
async function objectOf(response: Response): Promise<Answer | undefined> {
  try {
    const value: unknown = await response.json();
    return typeof value === 'object' && value !== null ? (value as Answer) : undefined;
  } catch {
    return undefined;
  }
}

function refusal(answer: Answer = {}): AppError {
  const { code, error } = answer;
  return new AppError('rejected_by_hook', {
    detail: 'The verifier does not vouch for this token.',
    hook: {
      ...(Number.isSafeInteger(code) ? { code: code as number } : {}),
      ...(typeof error === 'string' ? { text: error.slice(0, longestText) } : {}),
    },
  });
}

const failed = (detail: string): AppError => new AppError('hook_failed', { detail });
