import { AppError, type Limits, type OpenSession } from '@hongyan/protocol';
import { LRUCache } from 'lru-cache';

type PerMinute = Pick<Limits, 'messagesPerMinute' | 'historyPerMinute' | 'operationsPerMinute'>;

/** What is counted together. Other operations are counted each by its name. */
export const messages = 'messages';
export const history = 'history';

interface Bucket {
  tokens: number;
  refilledAt: number;
}

const minuteMs = 60_000;
const mostClients = 100_000;

/**
 * How often the clients of apps that limit it may still send messages, ask for history, and do anything else: over all
 * their sessions, on both doors. So many at once, then evenly through the minute. Nothing is kept of apps without such
 * limits, nor of who was quiet for a minute.
 */
export class ClientRates {
  private readonly clients = new LRUCache<string, Map<string, Bucket>>({
    max: mostClients,
    ttl: minuteMs,
    updateAgeOnGet: true,
  });

  /** Counts one more. Throws AppError `rate_limited`, with the time until it may be tried again. */
  take({ app, client }: OpenSession, what: string, limits: PerMinute, now: number): void {
    const perMinute = allowed(what, limits);
    if (perMinute === 0) return;
    const key = `${app}\n${client}`;
    let buckets = this.clients.get(key);
    if (buckets === undefined) this.clients.set(key, (buckets = new Map<string, Bucket>()));
    const bucket = buckets.get(what);
    if (bucket === undefined) {
      buckets.set(what, { tokens: perMinute - 1, refilledAt: now });
      return;
    }
    const refilled = bucket.tokens + (Math.max(0, now - bucket.refilledAt) * perMinute) / minuteMs;
    bucket.tokens = Math.min(perMinute, refilled);
    bucket.refilledAt = now;
    if (bucket.tokens < 1) {
      const retryAfterMs = Math.ceil(((1 - bucket.tokens) * minuteMs) / perMinute);
      throw new AppError('rate_limited', { retryAfterMs });
    }
    bucket.tokens -= 1;
  }
}

function allowed(what: string, limits: PerMinute): number {
  if (what === messages) return limits.messagesPerMinute;
  return what === history ? limits.historyPerMinute : limits.operationsPerMinute;
}
