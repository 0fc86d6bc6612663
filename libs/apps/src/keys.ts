import { randomBytes } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Random letters and digits, without bias. */
function randomText(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length * 2)) {
      if (byte < 248 && text.length < length) text += ALPHABET.charAt(byte % 62);
    }
  }
  return text;
}

/** 119 bits: an id that nobody guesses, though it is no secret. */
export const newAppId = (): string => randomText(20);
export const newTenantId = (): string => randomText(12);
/** 190 bits. */
export const newKey = (): string => randomText(32);
