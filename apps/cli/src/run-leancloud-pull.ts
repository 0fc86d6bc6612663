import {
  type Estimate,
  HttpSource,
  type Manifest,
  PullError,
  type PullEvent,
  type VerifyReport,
  estimatePull,
  findCredentials,
  findServer,
  pull,
  readExport,
  verifyPull,
} from '@hongyan/leancloud-pull';
import { table } from './output.js';

export interface LeanCloudPullOptions {
  readonly out: string;
  readonly credentials?: string;
  readonly region?: string;
  readonly server?: string;
  readonly sign?: boolean;
  readonly include?: readonly string[];
  readonly skip?: readonly string[];
  readonly parallel: number;
  readonly perMinute?: number;
  readonly timeout: number;
  readonly maxWait: number;
  readonly patience: number;
  readonly reRead: number;
  readonly partMb: number;
  readonly mediaMaxMb: number;
  readonly mediaTypes?: readonly string[];
  readonly mediaPrivate?: boolean;
  readonly dryRun?: boolean;
  readonly verify?: boolean;
  readonly offline?: boolean;
  readonly fromExport?: string;
  readonly json?: boolean;
}

const MB = 1024 * 1024;

/** The exit status: 1 when a verification found something. */
export async function runLeanCloudPull(options: LeanCloudPullOptions): Promise<number> {
  const print = (value: object, text: string) =>
    void process.stdout.write(options.json === true ? `${JSON.stringify(value)}\n` : `${text}\n`);
  const onEvent = options.json === true ? (event: PullEvent) => print(event, '') : showEvents();
  if (options.verify === true && options.offline === true)
    return verified(await verifyPull(options.out), print);
  const { app, credentials, place } = await identify(options);
  if (options.fromExport !== undefined) {
    const manifest = await readExport(options.fromExport, options.out, app, onEvent);
    print({ event: 'done', manifest }, summaryOf(manifest));
    return 0;
  }
  const stop = new AbortController();
  const onSignal = () =>
    stop.abort(new PullError('stopped', 'stopped; the same command goes on where it was'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
  const source = new HttpSource({
    server: place.server,
    credentials,
    proof: options.sign === true ? 'sign' : 'key',
    parallel: options.parallel,
    perMinute: options.perMinute,
    timeoutMs: options.timeout * 1000,
    maxWaitMs: options.maxWait * 1000,
    patienceMs: options.patience * 1000,
    signal: stop.signal,
    onEvent,
  });
  try {
    if (options.verify === true) return verified(await verifyPull(options.out, source), print);
    if (options.dryRun === true) {
      const estimate = await estimatePull(source, options);
      print({ event: 'estimate', estimate }, estimateText(estimate));
      return 0;
    }
    const manifest = await pull({
      out: options.out,
      app,
      source,
      include: options.include,
      skip: options.skip,
      parallel: options.parallel,
      partBytes: options.partMb * MB,
      reReadMs: options.reRead * 3_600_000,
      media: {
        maxBytes: options.mediaMaxMb * MB,
        allowPrivate: options.mediaPrivate === true,
        ...(options.mediaTypes === undefined ? {} : { types: options.mediaTypes }),
      },
      signal: stop.signal,
      onEvent,
    });
    print({ event: 'done', manifest }, summaryOf(manifest));
    return 0;
  } finally {
    await source.close();
  }
}

async function identify(options: LeanCloudPullOptions) {
  const found = await findCredentials(process.env, options.credentials);
  const appId = found.appId ?? (await ask('App id', 'LEANCLOUD_APP_ID'));
  const place = findServer(appId, options);
  const masterKey =
    found.masterKey ??
    (options.fromExport === undefined ? await ask('Master key', 'LEANCLOUD_MASTER_KEY') : '');
  const app = { appId, region: place.region, server: place.server.host };
  return { app, place, credentials: { appId, masterKey } };
}

async function ask(what: string, variable: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new PullError('usage', `there is no ${variable}: set it, or give --credentials FILE`);
  const { default: password } = await import('@inquirer/password');
  const value = (await password({ message: `${what} (not shown):` }, { output: process.stderr })).trim();
  if (value === '') throw new PullError('usage', `there is no ${variable}`);
  return value;
}

/** Progress for people, on standard error: often on a terminal, seldom in a log. */
function showEvents(): (event: PullEvent) => void {
  const everyMs = process.stderr.isTTY ? 1_000 : 10_000;
  const shownAt = new Map<string, number>();
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  return (event) => {
    if (event.event === 'stream')
      return say(
        event.unavailable === undefined
          ? `${event.stream}: ${event.rows} rows, done`
          : `${event.stream}: not to be had: ${event.unavailable}`,
      );
    if (event.event === 'note') return say(event.text);
    const key = event.event === 'progress' ? event.stream : 'retry';
    if (Date.now() - (shownAt.get(key) ?? 0) < everyMs) return;
    shownAt.set(key, Date.now());
    if (event.event === 'retry') return say(`${event.why}: again in ${(event.waitMs / 1000).toFixed(1)} s`);
    const { stream, rows, rowsPerSecond, fraction, etaSeconds, requests, waiting } = event;
    const parts = [
      `${stream}: ${rows} rows`,
      `${rowsPerSecond}/s`,
      ...(fraction === undefined ? [] : [`${Math.floor(fraction * 100)} %`]),
      ...(etaSeconds === undefined ? [] : [`about ${duration(etaSeconds)} left`]),
      `${requests} requests`,
      ...(waiting.length === 0 ? [] : [`then ${waiting.join(', ')}`]),
    ];
    say(parts.join(' · '));
  };
}

const duration = (seconds: number): string =>
  seconds < 90
    ? `${Math.ceil(seconds)} s`
    : seconds < 5_400
      ? `${Math.ceil(seconds / 60)} min`
      : `${(seconds / 3_600).toFixed(1)} h`;

const summaryOf = (manifest: Manifest): string =>
  table(
    ['STREAM', 'ROWS', 'MB', 'PARTS', ''],
    Object.entries(manifest.streams).map(([name, { rows, bytes, parts, unavailable }]) => [
      name,
      rows,
      Number((bytes / MB).toFixed(1)),
      parts.length,
      unavailable ?? '',
    ]),
  );

const estimateText = (estimate: Estimate): string =>
  [
    `About ${estimate.messages} messages${estimate.oldestMessage === undefined ? '' : ` since ${estimate.oldestMessage}`}, ${estimate.conversations} conversations, ${estimate.installations} installations.`,
    `A whole pull takes about ${estimate.requests} requests, ${(estimate.bytes / MB).toFixed(1)} MB and ${duration(estimate.seconds)}`,
    `(without threads of service accounts, media and --include; from ${estimate.sampled} sample requests).`,
  ].join('\n');

function verified(report: VerifyReport, print: (value: object, text: string) => void): number {
  const { ok, problems, streams, unknownConversations } = report;
  const rows = Object.entries(streams).map(([name, stream]) => [
    name,
    stream.rows,
    stream.distinct,
    stream.atSource,
    stream.unavailable ?? '',
  ]);
  const unknown =
    unknownConversations.messages === 0
      ? []
      : [
          `${unknownConversations.messages} messages are of conversations that are not here, e.g. ${unknownConversations.examples.slice(0, 3).join(', ')} (removed there, or newer than this pull).`,
        ];
  const text = [
    table(['STREAM', 'ROWS', 'DISTINCT', 'AT LEANCLOUD', ''], rows),
    ...unknown,
    ...problems.map((problem) => `wrong: ${problem}`),
    ok ? 'The folder is sound.' : 'The folder is not sound, or not complete.',
  ].join('\n');
  print({ event: 'verified', ...report }, text);
  return ok ? 0 : 1;
}
