import { acceptedSecrets, type App } from '@hongyan/apps';
import { checkLeanCloudSignature, LeanCloudError, type CodeName, type Signed } from '@hongyan/leancloud';
import type { Call } from './calls.js';

/** The three values as they travel in a command. */
export interface GivenSignature {
  readonly s?: string;
  readonly t?: number;
  readonly n?: string;
}

/** Throws `refusal` unless the app's server has signed this, or the other form of it that some clients have signed. */
export function requireSignature(
  app: App,
  signed: Signed | readonly [Signed, Signed],
  { s, t, n }: GivenSignature,
  refusal: CodeName,
  now = Date.now(),
): void {
  if (s === undefined || t === undefined || n === undefined)
    throw new LeanCloudError(refusal, 'A signature of your server is needed.');
  const given = { signature: s, timestamp: t, nonce: n };
  const keys = acceptedSecrets(app.masterKey, now);
  const reasons = ('kind' in signed ? [signed] : signed).map((one) =>
    checkLeanCloudSignature(keys, app.id, one, given, now),
  );
  const [reason] = reasons;
  if (reason === undefined || reasons.includes(undefined)) return;
  const texts = {
    ambiguous: 'Ids and nonces that are signed must not hold a colon.',
    expired: 'The timestamp is more than six hours off.',
    mismatch: 'The signature does not match.',
  };
  throw new LeanCloudError(refusal, texts[reason]);
}

/** Signatures of conversation and block-list operations, where the app demands them; others are not looked at. */
export function checkSigned(
  { session, calls }: Call,
  given: GivenSignature,
  signed: Signed | readonly [Signed, Signed],
  refusal: CodeName = 'CONVERSATION_SIGNATURE_FAILED',
): void {
  const app = calls.appOf(session);
  if (app.login.signedOperations) requireSignature(app, signed, given, refusal);
}
