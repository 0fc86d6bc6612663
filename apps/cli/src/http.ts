import { readFileSync } from 'node:fs';
import { Refusal } from './failure.js';

/** JSON over HTTP to one API. Throws {@link Refusal} with the server's code. */
export class Http {
  constructor(
    private readonly base: string,
    private readonly headers: Readonly<Record<string, string>>,
    /** For servers with a certificate that is not for the name by which this machine reaches them. */
    private readonly trusting: Fetch = fetch,
  ) {}

  get<T>(path: string): Promise<T> {
    return this.call<T>('GET', path);
  }

  post<T>(path: string, body: object): Promise<T> {
    return this.call<T>('POST', path, body);
  }

  patch<T>(path: string, body: object): Promise<T> {
    return this.call<T>('PATCH', path, body);
  }

  private async call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await this.trusting(this.base + path, {
      method,
      headers: {
        ...this.headers,
        connection: 'close',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const value: unknown = text === '' ? {} : JSON.parse(text);
    if (response.ok) return value as T;
    const {
      code = response.status,
      name = 'unknown',
      message = text,
    } = value as { code?: number; name?: string; message?: string };
    throw new Refusal(code, name, message);
  }
}

type Answered = Pick<Response, 'ok' | 'status' | 'text'>;
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string },
) => Promise<Answered>;

/** A `fetch` that trusts the certificate in a file, and none else, under whatever name the server is reached. */
export async function fetchTrusting(certificateFile: string): Promise<Fetch> {
  const { Agent, fetch: fetchWith } = await import('undici');
  const ca = readFileSync(certificateFile, 'utf8');
  const connect = { ca, allowPartialTrustChain: true, checkServerIdentity: () => undefined };
  const dispatcher = new Agent({ connect });
  return (url, init) => fetchWith(url, { ...init, dispatcher });
}

/** A part of a path. */
export const part = encodeURIComponent;
