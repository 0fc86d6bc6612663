import { acceptedSecrets, type App } from '@hongyan/apps';
import { checkLeanCloudSignature, LeanCloudError, type CodeName, type Signed } from '@hongyan/leancloud';
import type { Call } from './calls.js';

/** The three values as they travel in a command. */
export interface GivenSignature {
  readonly s?: string;
  readonly t?: number;
  readonly n?: string;
}

/** Throws `refusal` unless the app's server has signed this. */
export function requireSignature(
  app: App,
  signed: Signed,
  { s, t, n }: GivenSignature,
  refusal: CodeName,
  now = Date.now(),
): void {
  if (s === undefined || t === undefined || n === undefined)
    throw new LeanCloudError(refusal, 'A signature of your server is needed.');
  const given = { signature: s, timestamp: t, nonce: n };
  const reason = checkLeanCloudSignature(acceptedSecrets(app.masterKey, now), app.id, signed, given, now);
  if (reason === undefined) return;
  const texts = {
    ambiguous: 'Ids and nonces that are signed must not hold a colon.',
    expired: 'The timestamp is more than six hours off.',
    mismatch: 'The signature does not match.',
  };
  throw new LeanCloudError(refusal, texts[reason]);
}

/**
 * Signatures of conversation operations. Whether an app demands them is a setting that does not exist yet (see
 * docs/leancloud/gaps.md); one that is given must be right if the app demands signed logins.
 */
export function checkSigned(
  { session, calls }: Call,
  given: GivenSignature,
  signed: Signed,
  refusal: CodeName = 'CONVERSATION_SIGNATURE_FAILED',
): void {
  const app = calls.parts.apps.known(session.app.id) ?? session.app;
  if (app.login.unsigned || given.s === undefined) return;
  requireSignature(app, signed, given, refusal);
}
