type Headers = { get(name: string): string | null };

/** How long `Retry-After` asks to wait, in ms: it is seconds or a date. */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** If the quota headers say that nothing is left: how long until there is, in ms. */
export function quotaPause(headers: Headers, now: number): number | undefined {
  for (const prefix of ['x-ratelimit', 'ratelimit']) {
    const remaining = headers.get(`${prefix}-remaining`);
    const reset = headers.get(`${prefix}-reset`);
    if (remaining === null || reset === null || Number(remaining) > 0 || !/^\d+$/.test(reset)) continue;
    const value = Number(reset);
    if (value < 1e9) return value * 1000; // seconds from now
    return Math.max(0, (value < 1e12 ? value * 1000 : value) - now); // a time in s or ms
  }
  return undefined;
}
