import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Answers, type StandInOptions } from './answers.js';
import { Failures, playFailure } from './failures.js';
import { type GeneratedApp, md5 } from './generated-app.js';

export interface StandInApp {
  readonly appId: string;
  readonly appKey: string;
  readonly masterKey: string;
}

export const standInKeys: StandInApp = {
  appId: 'StandIn0aaaaaaaaaaaaaaaa-gzGzoHsz',
  appKey: 'app-key-of-the-stand-in',
  masterKey: 'master-key-of-the-stand-in',
};

const SIGN_LIFE_MS = 5 * 60_000;

/** LeanCloud for one generated app, on a free port of this machine. */
export class StandIn {
  readonly failures = new Failures();
  readonly answers: Answers;
  requests = 0;
  /** Milliseconds that its clock is ahead. */
  clockAhead = 0;
  /** Called before each answer, e.g. to change the page that is read. */
  onRequest?: (path: string, query: URLSearchParams) => void;
  private readonly server: Server;

  private constructor(
    readonly app: GeneratedApp,
    options: StandInOptions,
  ) {
    this.answers = new Answers(app, options);
    this.server = createServer((request, response) => this.serve(request, response));
    this.server.keepAliveTimeout = 60_000;
  }

  static async start(app: GeneratedApp, options: StandInOptions = {}, port = 0): Promise<StandIn> {
    const standIn = new StandIn(app, options);
    await new Promise<void>((resolve) => standIn.server.listen(port, '127.0.0.1', resolve));
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url);
    this.requests += 1;
    response.setHeader('date', new Date(Date.now() + this.clockAhead).toUTCString());
    if (url.pathname.startsWith('/media/')) return sendMedia(url, response);
    this.onRequest?.(url.pathname, url.searchParams);
    const failure = this.failures.next(url.pathname);
    const problem = this.unauthorized(request);
    const { status, body } =
      problem === undefined
        ? this.answers.to(url.pathname, url.searchParams)
        : { status: 401, body: { code: 401, error: problem } };
    const text = JSON.stringify(body);
    if (failure !== undefined && playFailure(failure, request, response, text)) return;
    const gzip = /\bgzip\b/.test(String(request.headers['accept-encoding'])) && text.length > 100_000;
    response.writeHead(status, {
      'content-type': 'application/json;charset=utf-8',
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    });
    response.end(gzip ? gzipSync(text, { level: 1 }) : text);
  }

  /** All that is read here needs the master key, as itself or in a signature. */
  private unauthorized({ headers }: IncomingMessage): string | undefined {
    const { appId, masterKey } = standInKeys;
    if (headers['x-lc-id'] !== appId) return 'Unauthorized.';
    const key = headers['x-lc-key'];
    if (typeof key === 'string') return key === `${masterKey},master` ? undefined : 'Unauthorized.';
    const [signature, timestamp, master] = String(headers['x-lc-sign']).split(',');
    if (master !== 'master' || signature !== md5(`${timestamp}${masterKey}`)) return 'Unauthorized.';
    const apart = Math.abs(Number(timestamp) - (Date.now() + this.clockAhead));
    return apart > SIGN_LIFE_MS ? 'Unauthorized.' : undefined;
  }
}

/** `name.png`: a picture of 100 bytes; `/media/page.html` a page; `/media/away` leads inside; `/media/huge.png` has no end. */
function sendMedia({ pathname }: URL, response: ServerResponse): void {
  if (pathname.endsWith('.html'))
    return void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>');
  if (pathname.endsWith('/away'))
    return void response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
  if (pathname.endsWith('/gone.png')) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'image/png' });
  response.end(Buffer.alloc(pathname.endsWith('/huge.png') ? 5_000_000 : 100, pathname));
}
