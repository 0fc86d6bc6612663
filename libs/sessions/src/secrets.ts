import { createHash, timingSafeEqual } from 'node:crypto';

/** Equal, in a time that depends on neither text. */
export function sameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

export const keyBytes = (secret: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(secret);
