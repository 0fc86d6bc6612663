import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/**
 * Secrets at rest: AES-256-GCM with a key of the installation. A sealed text names its key by a fingerprint, so that
 * a wrong key is told apart from damage, and is bound to what it belongs to (`context`), so that it cannot be moved
 * to another record.
 */
export interface SecretBox {
  seal(secret: string, context: string): string;
  /** Throws {@link SecretKeyError} when the key is not the one it was sealed with. */
  open(sealed: string, context: string): string;
  /** True when `sealed` was made with the previous key and should be sealed anew. */
  outdated(sealed: string): boolean;
}

export class SecretKeyError extends Error {
  override readonly name = 'SecretKeyError';
}

const VERSION = 'v1';
const KEY_BYTES = 32;

const fingerprintOf = (key: Buffer): string =>
  createHash('sha256').update('hongyan').update(key).digest('hex').slice(0, 8);

/** A key from text: 64 hexadecimal digits or base64 of 32 bytes. */
export function parseSecretKey(text: string, origin: string): Buffer {
  const trimmed = text.trim();
  const key = /^[0-9a-f]{64}$/i.test(trimmed) ? Buffer.from(trimmed, 'hex') : Buffer.from(trimmed, 'base64');
  if (key.length !== KEY_BYTES) {
    throw new SecretKeyError(
      `${origin} is not a key: it must be 32 bytes as 64 hexadecimal digits or base64`,
    );
  }
  return key;
}

export const newSecretKey = (): string => randomBytes(KEY_BYTES).toString('hex');

/** `previous` opens what was sealed before the key was changed; nothing is sealed with it. */
export function createSecretBox(current: Buffer, previous?: Buffer): SecretBox {
  const keys = new Map([current, ...(previous ? [previous] : [])].map((key) => [fingerprintOf(key), key]));
  const currentFingerprint = fingerprintOf(current);
  return {
    seal(secret, context) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', current, iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return [VERSION, currentFingerprint, iv.toString('base64url'), body.toString('base64url')].join('.');
    },
    open(sealed, context) {
      const [version, fingerprint = '', iv = '', body = ''] = sealed.split('.');
      if (version !== VERSION) throw new SecretKeyError('a sealed secret is damaged or of a newer version');
      const key = keys.get(fingerprint);
      if (key === undefined) {
        throw new SecretKeyError(
          'the secret key is not the one this data was sealed with (HONGYAN_SECRET_KEY, or secret.key in the data folder)',
        );
      }
      const bytes = Buffer.from(body, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(-16));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8');
      } catch (cause) {
        throw new SecretKeyError('a sealed secret is damaged', { cause });
      }
    },
    outdated: (sealed) => sealed.split('.')[1] !== currentFingerprint,
  };
}
