import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a signature of LeanCloud's form is about. Ids are signed in the order of UTF-16 code units. */
export type Signed =
  | { readonly kind: 'login'; readonly client: string }
  | { readonly kind: 'create'; readonly client: string; readonly members: readonly string[] }
  | {
      readonly kind: 'members';
      readonly client: string;
      readonly conversation: string;
      readonly members: readonly string[];
      readonly action: MemberAction;
    }
  | {
      readonly kind: 'client-block';
      readonly client: string;
      readonly conversation: string;
      readonly action: 'client-block-conversations' | 'client-unblock-conversations';
    }
  /** History by REST; its nonce stands before the time. */
  | { readonly kind: 'history'; readonly client: string; readonly conversation: string };

export type MemberAction = 'invite' | 'kick' | 'conversation-block-clients' | 'conversation-unblock-clients';

export interface LeanCloudSignature {
  /** Seconds or milliseconds: tenants' servers were written from examples with either. */
  readonly timestamp: number;
  readonly nonce: string;
  /** HMAC-SHA1 in hexadecimal of either case. */
  readonly signature: string;
}

/** Signatures are good for so long, before and after. */
export const signatureLifeMs = 6 * 3_600_000;

const sorted = (ids: readonly string[]): string =>
  [...ids].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).join(':');

function signedText(app: string, signed: Signed, timestamp: number, nonce: string): string {
  const { client } = signed;
  switch (signed.kind) {
    case 'login':
      return [app, client, '', timestamp, nonce].join(':');
    case 'create':
      return [app, client, sorted(signed.members), timestamp, nonce].join(':');
    case 'members':
      return [app, client, signed.conversation, sorted(signed.members), timestamp, nonce, signed.action].join(
        ':',
      );
    case 'client-block':
      return [app, client, signed.conversation, '', timestamp, nonce, signed.action].join(':');
    case 'history':
      return [app, client, signed.conversation, nonce, timestamp].join(':');
  }
}

export function signLeanCloud(
  masterKey: string,
  app: string,
  signed: Signed,
  timestamp: number,
  nonce: string,
): string {
  return createHmac('sha1', masterKey)
    .update(signedText(app, signed, timestamp, nonce))
    .digest('hex');
}

/** Why it is not accepted; undefined when it is. */
export type SignatureRefusal = 'ambiguous' | 'expired' | 'mismatch';

/**
 * Checks a signature against any of `masterKeys` (two while a key is being rotated). A client id that holds the
 * separator could make one text mean two things: it is refused.
 */
export function checkLeanCloudSignature(
  masterKeys: readonly string[],
  app: string,
  signed: Signed,
  given: LeanCloudSignature,
  now: number,
): SignatureRefusal | undefined {
  const { timestamp, nonce, signature } = given;
  const ids = [signed.client, nonce, ...('members' in signed ? signed.members : [])];
  if (ids.some((id) => id.includes(':'))) return 'ambiguous';
  const milliseconds = timestamp < 1e11 ? timestamp * 1000 : timestamp;
  if (!(Math.abs(now - milliseconds) <= signatureLifeMs)) return 'expired';
  const hex = Buffer.from(signature.toLowerCase());
  const matches = masterKeys.map((key) => {
    const wanted = Buffer.from(signLeanCloud(key, app, signed, timestamp, nonce));
    return wanted.length === hex.length && timingSafeEqual(wanted, hex);
  });
  return matches.includes(true) ? undefined : 'mismatch';
}
