import { AppError, asAppId, asClientId, asSessionId, defaultLimits } from '@hongyan/protocol';
import { ClientRates, history, messages } from './client-rates.js';

const sessionOf = (app: string, client: string) => ({
  app: asAppId(app),
  client: asClientId(client),
  session: asSessionId('s'),
  device: 'd',
});
const ann = sessionOf('red', 'ann');
const limits = { ...defaultLimits, messagesPerMinute: 60, historyPerMinute: 1 };

/** How many of so many tries are let through at a time. */
function granted(rates: ClientRates, tries: number, now: number, who = ann, what = messages): number {
  let through = 0;
  for (let n = 0; n < tries; n += 1)
    try {
      rates.take(who, what, limits, now);
      through += 1;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      expect(error.error).toBe('rate_limited');
    }
  return through;
}

it('lets through a minute’s share at once, then as time passes, and never more than a share', () => {
  const rates = new ClientRates();
  expect(granted(rates, 100, 0)).toBe(60);
  expect(granted(rates, 10, 5_000)).toBe(5);
  expect(granted(rates, 10, 5_999)).toBe(0);
  expect(granted(rates, 1_000, 10_000_000)).toBe(60);
  expect(granted(rates, 10, 9_000_000)).toBe(0);
});

it('counts clients, apps and kinds apart, and nothing without a limit', () => {
  const rates = new ClientRates();
  expect(granted(rates, 100, 0)).toBe(60);
  expect(granted(rates, 100, 0, sessionOf('red', 'bob'))).toBe(60);
  expect(granted(rates, 100, 0, sessionOf('blue', 'ann'))).toBe(60);
  expect(granted(rates, 100, 0, ann, history)).toBe(1);
  expect(granted(rates, 5_000, 0, ann, 'conversation.get')).toBe(5_000);
});

it('says when to try again', () => {
  const rates = new ClientRates();
  granted(rates, 60, 0);
  expect(() => rates.take(ann, messages, limits, 250)).toThrow(
    expect.objectContaining({ retryAfterMs: 750 }) as Error,
  );
});
