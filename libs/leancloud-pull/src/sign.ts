import { createHash } from 'node:crypto';
import type { Credentials } from './types.js';

/** How requests prove who asks: with the key itself, or with a signature that is good for minutes. */
export type Proof = 'key' | 'sign';

/** The headers of a request with master rights. `X-LC-Sign` is the MD5 that LeanCloud documents. */
export function authenticate(
  { appId, masterKey }: Credentials,
  proof: Proof,
  now: number,
): Record<string, string> {
  if (proof === 'key') return { 'x-lc-id': appId, 'x-lc-key': `${masterKey},master` };
  const signature = createHash('md5').update(`${now}${masterKey}`).digest('hex');
  return { 'x-lc-id': appId, 'x-lc-sign': `${signature},${now},master` };
}
