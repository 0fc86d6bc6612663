import { Refusal } from './failure.js';

/** JSON over HTTP to one API. Throws {@link Refusal} with the server's code. */
export class Http {
  constructor(
    private readonly base: string,
    private readonly headers: Readonly<Record<string, string>>,
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
    const response = await fetch(this.base + path, {
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

/** A part of a path. */
export const part = encodeURIComponent;
