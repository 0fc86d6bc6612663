import { randomUUID } from 'node:crypto';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { problemOf } from './problem.js';

/** What the filter tells about errors nobody foresaw. */
export type ReportError = (error: unknown, reference: string) => void;

/** Another door's answer to an error, if the request is that door's. */
export type OtherAnswer = (error: unknown, request: Request, response: Response) => boolean;

/** The one mapper of a REST door from errors to answers. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly report: ReportError,
    private readonly other: OtherAnswer = () => false,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<Response>();
    if (this.other(error, http.getRequest<Request>(), response)) return;
    const reference = randomUUID();
    const problem = problemOf(error, reference);
    if (problem.name === 'internal') this.report(error, reference);
    if (response.headersSent) return void response.end();
    if (problem.retryAfterMs !== undefined) {
      response.setHeader('Retry-After', String(Math.ceil(problem.retryAfterMs / 1000)));
    }
    if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  }
}
