import { createHash, timingSafeEqual } from 'node:crypto';
import type { RotatingSecret } from '@hongyan/apps';

/** Equal, in a time that depends on neither text. */
export function sameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** The values of a secret that count at `now`: the current one, and the previous one while it overlaps. */
export function acceptedValues(secret: RotatingSecret, now: number): string[] {
  const { current, previous, previousUntil } = secret;
  return previous !== undefined && (previousUntil ?? 0) > now ? [current, previous] : [current];
}

export const keyBytes = (secret: string): Uint8Array => new TextEncoder().encode(secret);
