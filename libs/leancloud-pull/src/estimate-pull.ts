import { SourceRefusal } from './errors.js';
import type { Source } from './ports.js';
import { countOf } from './pull-class.js';
import type { Row } from './types.js';

export interface Estimate {
  readonly conversations: number;
  readonly installations: number;
  /** From the density of messages at samples through time. */
  readonly messages: number;
  readonly oldestMessage?: string;
  readonly requests: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly sampled: number;
}

const SAMPLES = 12;
const PAGE = 1_000;
/** Lists that each conversation is asked for: silenced and blocked. */
const LISTS = 2;

/** What a whole first pull would take: counts where LeanCloud tells them, samples where not. Writes nothing. */
export async function estimatePull(
  source: Source,
  { parallel = 3, perMinute }: { readonly parallel?: number; readonly perMinute?: number } = {},
): Promise<Estimate> {
  const started = Date.now();
  const sentBefore = source.requests;
  const conversations = await counted(source, '_Conversation');
  const installations = await counted(source, '_Installation');
  const { results: sample = [] } = await source.get<{ results?: Row[] }>('1.1/classes/_Conversation', {
    limit: 100,
  });
  const history = await sampleHistory(source);
  const sampled = source.requests - sentBefore;
  const perRequest = (Date.now() - started) / Math.max(1, sampled) / 1000;
  const requests =
    pages(conversations) + pages(installations) + pages(history.messages) + conversations * LISTS + sampled;
  // Messages come one page after the other; lists side by side.
  const unbounded = Math.max(pages(history.messages), (conversations * LISTS) / parallel) * perRequest;
  const rowBytes = (rows: readonly Row[]) =>
    rows.length === 0
      ? 0
      : Buffer.byteLength(rows.map((row) => JSON.stringify(row)).join('\n')) / rows.length;
  return {
    conversations,
    installations,
    messages: history.messages,
    oldestMessage: history.oldest === undefined ? undefined : new Date(history.oldest).toISOString(),
    requests,
    bytes: Math.round(
      conversations * rowBytes(sample) + history.messages * rowBytes(history.rows) + installations * 500,
    ),
    seconds: Math.round(Math.max(unbounded, perMinute === undefined ? 0 : (requests / perMinute) * 60)),
    sampled,
  };
}

const pages = (rows: number): number => Math.ceil(rows / PAGE) + 1;

async function counted(source: Source, className: string): Promise<number> {
  const count = await countOf({ source }, className);
  return count instanceof SourceRefusal ? 0 : count;
}

type Stamped = Row & { readonly timestamp: number };

/** The span of time that a page covers tells how dense messages are there; between samples the mean is taken. */
async function sampleHistory(
  source: Source,
): Promise<{ messages: number; oldest?: number; rows: readonly Row[] }> {
  const path = '1.2/rtm/messages';
  const newestPage = await source.get<Stamped[]>(path, { limit: PAGE });
  const [first] = await source.get<Stamped[]>(path, { limit: 1, reversed: 'true' });
  const newest = newestPage[0]?.timestamp;
  if (newest === undefined || first === undefined) return { messages: 0, rows: [] };
  if (newestPage.length < PAGE)
    return { messages: newestPage.length, oldest: first.timestamp, rows: newestPage };
  const oldest = first.timestamp;
  const width = (newest - oldest) / SAMPLES;
  const densities = [densityOf(newestPage, newest)];
  const rows = newestPage.slice(0, 100);
  for (let at = 1; at < SAMPLES; at += 1) {
    const time = Math.round(newest - width * at);
    const page = await source.get<Stamped[]>(path, { limit: PAGE, timestamp: time });
    densities.push(densityOf(page, time));
    rows.push(...page.slice(0, 100));
  }
  return { messages: Math.round(densities.reduce((sum, density) => sum + density * width, 0)), oldest, rows };
}

const densityOf = (page: readonly Stamped[], from: number): number =>
  page.length === 0 ? 0 : page.length / Math.max(1, from - page.at(-1)!.timestamp);
