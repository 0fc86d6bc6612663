import { createHmac } from 'node:crypto';
import { acceptedSecrets, type App } from '@hongyan/apps';
import { AppError } from '@hongyan/protocol';
import { sameText } from './secrets.js';
import type { Signature } from './types.js';

const maxSkewMs = 6 * 3_600_000;
const separator = '\n';

/** What the tenant's server signs: HMAC-SHA256 in hexadecimal, keyed by the master key. */
export function signLogin(
  masterKey: string,
  app: string,
  client: string,
  timestamp: number,
  nonce: string,
): string {
  const text = ['hongyan-login', app, client, String(timestamp), nonce].join(separator);
  return createHmac('sha256', masterKey).update(text).digest('hex');
}

/** Throws `signature_invalid` unless the signature is the app's, for this client, and made within six hours. */
export function checkLoginSignature(app: App, client: string, given: Signature, now: number): void {
  const refuse = (detail: string) => new AppError('signature_invalid', { detail });
  if (client.includes(separator) || given.nonce.includes(separator)) {
    throw refuse('The client id and the nonce must not hold a newline.');
  }
  if (!(Math.abs(now - given.timestamp) <= maxSkewMs))
    throw refuse('The timestamp is more than six hours off.');
  const matches = acceptedSecrets(app.masterKey, now)
    .map((key) =>
      sameText(signLogin(key, app.id, client, given.timestamp, given.nonce), given.signature.toLowerCase()),
    )
    .includes(true);
  if (!matches) throw refuse('The signature does not match.');
}
