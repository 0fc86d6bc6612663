import { randomUUID } from 'node:crypto';
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { ReportError } from '@hongyan/rest';
import type { Request, Response } from 'express';
import { CONVERSATION_PARTS, type ConversationParts } from '../parts.js';
import type { LeanCloudRequest } from './nest-leancloud-guard.js';
import { restErrorOf } from './rest-errors.js';
import type { LeanCloudRoute } from './route.js';

/** The one mapper of this door from errors to answers. */
@Catch()
export class LeanCloudFilter implements ExceptionFilter {
  constructor(@Inject(CONVERSATION_PARTS) private readonly parts: ConversationParts) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const { leanCloudRoute } = http.getRequest<LeanCloudRequest>();
    answer(this.parts.report, error, leanCloudRoute?.context ?? 'conv', http.getResponse());
  }
}

const versions = /^\/1\.[12]\//;

/**
 * What no controller of this door was asked for (paths that are not there, bodies that cannot be read) is answered in its
 * words, too. False: the path is another door's.
 */
export const leanCloudAnswers =
  (report: ReportError) =>
  (error: unknown, request: Request, response: Response): boolean => {
    if (!versions.test(request.url)) return false;
    answer(report, error, 'conv', response);
    return true;
  };

function answer(
  report: ReportError,
  error: unknown,
  context: LeanCloudRoute['context'],
  response: Response,
): void {
  const reference = randomUUID();
  const { status, body, retryAfterMs } = restErrorOf(error, context, reference);
  if (status === 500) report(error, reference);
  if (response.headersSent) return void response.end();
  if (retryAfterMs !== undefined) response.setHeader('Retry-After', String(Math.ceil(retryAfterMs / 1000)));
  response.status(status).json(body);
}
