export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A time as columns hold it. */
export const iso = (time: number): string => new Date(time).toISOString();
