const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

const startOf = (time: number): number => new Date(time).setHours(0, 0, 0, 0);
const daysAgo = (time: number): number => Math.round((startOf(Date.now()) - startOf(time)) / 86_400_000);

export const timeOf = (time: number): string => clock.format(time);
export const fullTime = (time: number): string => `${date.format(time)}, ${clock.format(time)}`;
export const dayKey = (time: number): string => String(startOf(time));

export function dayOf(time: number): string {
  const days = daysAgo(time);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return days < 7 ? weekday.format(time) : date.format(time);
}

/** As short as the list wants it. */
export function momentOf(time: number): string {
  const days = daysAgo(time);
  if (days <= 0) return clock.format(time);
  if (days === 1) return 'Yesterday';
  return days < 7 ? weekday.format(time) : shortDate.format(time);
}

export const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

export function namesOf(ids: readonly string[], most = 3): string {
  if (ids.length === 0) return 'nobody';
  if (ids.length > most) return `${ids.slice(0, most - 1).join(', ')} and ${ids.length - most + 1} others`;
  return ids.length === 1 ? (ids[0] as string) : `${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`;
}
