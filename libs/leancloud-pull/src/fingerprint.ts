import { createHash } from 'node:crypto';

/** 53 bits of a text's hash: as a number it takes a few bytes in a set, so that millions of texts can be remembered. */
export function fingerprint(text: string): number {
  const digest = createHash('sha1').update(text).digest();
  return digest.readUInt32BE(0) * 2 ** 21 + (digest.readUInt32BE(4) >>> 11);
}
