import type { IncomingMessage, ServerResponse } from 'node:http';
import { credentialHeaders } from './request-credential.js';

const allowedHeaders = [
  ...credentialHeaders,
  'x-lc-session',
  'x-lc-im-session-token',
  'x-lc-prod',
  'x-lc-ua',
  'content-type',
  'idempotency-key',
].join(', ');

/** Any web page may ask; it still needs a key. True: it was a browser's question whether it may, and is answered. */
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
