import type { IncomingMessage, ServerResponse } from 'node:http';
import { leanCloudError, LeanCloudError, type Context } from '@hongyan/leancloud';
import { AppError } from '@hongyan/protocol';

/** A configured server URL that ends in a slash makes clients ask for `//v1/route`. */
export function urlOf(request: IncomingMessage): URL {
  const url = new URL((request.url ?? '/').replace(/^\/+/, '/'), 'http://localhost');
  url.pathname = url.pathname.replace(/\/{2,}/g, '/');
  return url;
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify(body));
}

/** A refusal as these clients read it, the app's own code and text first; false: it is none, and nobody has answered. */
export function sendRefusal(response: ServerResponse, error: unknown, context: Context): boolean {
  if (!(error instanceof AppError || error instanceof LeanCloudError)) return false;
  const { code, detail, reason, appCode, appMsg } = leanCloudError(error, context);
  const status = error instanceof AppError ? error.definition.httpStatus : 400;
  sendJson(response, status, { code: appCode ?? code, error: appMsg ?? detail ?? reason });
  return true;
}

const maxBodyBytes = 64 * 1024;

/** The JSON of a request, whether or not somebody has read it before; undefined: none, too much, or no JSON. */
export async function jsonBody(request: IncomingMessage & { body?: unknown }): Promise<unknown> {
  if (request.body !== undefined) return request.body;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}

export const header = (request: IncomingMessage, name: string): string => String(request.headers[name] ?? '');
