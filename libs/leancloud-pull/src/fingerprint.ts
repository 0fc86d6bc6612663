import { hash } from 'node:crypto';

/** How many fingerprints there are: whole numbers below this. */
export const fingerprints = 2 ** 53;

/** 53 bits of a text's hash, as a number. */
export function fingerprint(text: string): number {
  const digest = hash('sha1', text, 'buffer');
  return digest.readUInt32BE(0) * 2 ** 21 + (digest.readUInt32BE(4) >>> 11);
}
