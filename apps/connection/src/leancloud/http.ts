import type { IncomingMessage, ServerResponse } from 'node:http';

const allowedHeaders = [
  ...['X-LC-Id', 'X-LC-Key', 'X-LC-Sign', 'X-LC-Session', 'X-LC-IM-Session-Token', 'X-LC-UA', 'X-LC-Prod'],
  'Content-Type',
].join(', ');

/** A configured server URL that ends in a slash makes clients ask for `//v1/route`. */
export function urlOf(request: IncomingMessage): URL {
  const url = new URL((request.url ?? '/').replace(/^\/+/, '/'), 'http://localhost');
  url.pathname = url.pathname.replace(/\/{2,}/g, '/');
  return url;
}

/** Any web page may ask; true: it was the question whether it may, and is answered. */
export function allowCrossOrigin(request: IncomingMessage, response: ServerResponse): boolean {
  response.setHeader('Access-Control-Allow-Origin', '*');
  if (request.method !== 'OPTIONS') return false;
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST, PUT, DELETE, OPTIONS');
  response.setHeader('Access-Control-Allow-Headers', allowedHeaders);
  response.setHeader('Access-Control-Max-Age', '86400');
  response.statusCode = 204;
  response.end();
  return true;
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify(body));
}
