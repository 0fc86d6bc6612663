import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether a request presents the installation's token. */
export function operatorCheck(token: string): (request: Pick<Request, 'headers'>) => boolean {
  const expected = digest(token);
  return ({ headers }) => {
    const [, presented] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
    return presented !== undefined && timingSafeEqual(digest(presented), expected);
  };
}

/** Whether an operator brings part of an import, which may be larger than what anybody else may send. */
export function importCheck(token: string): (request: Pick<Request, 'headers' | 'url'>) => boolean {
  const isOperator = operatorCheck(token);
  return (request) =>
    /^\/admin\/v1\/apps\/[^/]+\/import\//.test(request.url ?? '') &&
    /^application\/json\b/i.test(request.headers['content-type'] ?? '') &&
    isOperator(request);
}
