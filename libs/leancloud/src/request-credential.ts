import { createHash, timingSafeEqual } from 'node:crypto';

/** Headers of a request, by lower-case name, as Node gives them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a request shows: a key itself, or the digest of a time and a key. `master`: it claims to be the master key. */
export type RequestCredential = { readonly app: string; readonly master: boolean } & (
  | { readonly kind: 'key'; readonly key: string }
  | {
      readonly kind: 'sign';
      readonly digest: string;
      /** As it was signed: milliseconds, or seconds. */
      readonly timestamp: string;
    }
);

/** Digests are good for so long, before and after. */
export const requestSignLifeMs = 6 * 3_600_000;

/** Today's names first; then those of older SDKs. */
const names = {
  app: ['x-lc-id', 'x-avoscloud-application-id', 'x-uluru-application-id'],
  key: ['x-lc-key', 'x-avoscloud-application-key', 'x-uluru-application-key'],
  master: ['x-avoscloud-master-key'],
  sign: ['x-lc-sign', 'x-avoscloud-request-sign', 'x-uluru-request-sign'],
} as const;

/** Every header that carries a credential, for those who ask before they send one. */
export const credentialHeaders: readonly string[] = Object.values(names).flat();

/** The credential of a request; undefined: there is none, or it is not complete. */
export function requestCredentialOf(headers: RequestHeaders): RequestCredential | undefined {
  const of = (which: keyof typeof names): string => {
    const found = names[which].map((name) => headers[name]).find((value) => value !== undefined);
    return typeof found === 'string' ? found.trim() : '';
  };
  const app = of('app');
  if (app === '' || app.length > 64) return undefined;
  const sign = of('sign');
  if (sign !== '') {
    const [digest = '', timestamp = '', role, ...rest] = sign.split(',');
    const complete = /^[0-9a-f]{32}$/.test(digest) && /^\d{10,13}$/.test(timestamp) && rest.length === 0;
    if (!complete || (role !== undefined && role !== 'master')) return undefined;
    return { app, kind: 'sign', digest, timestamp, master: role === 'master' };
  }
  const master = of('master');
  if (master !== '') return { app, kind: 'key', key: master, master: true };
  const key = of('key');
  if (key === '') return undefined;
  const claimsMaster = key.endsWith(',master');
  return {
    app,
    kind: 'key',
    key: claimsMaster ? key.slice(0, -',master'.length) : key,
    master: claimsMaster,
  };
}

/** Does it prove one of these keys (two while a key is being rotated)? Every key is compared, so that the time tells nothing. */
export function provesKey(credential: RequestCredential, keys: readonly string[], now: number): boolean {
  if (credential.kind === 'key')
    return keys.map((key) => sameBytes(sha256(key), sha256(credential.key))).includes(true);
  const { digest, timestamp } = credential;
  const time = timestamp.length <= 10 ? Number(timestamp) * 1000 : Number(timestamp);
  if (!(Math.abs(now - time) <= requestSignLifeMs)) return false;
  return keys.map((key) => sameBytes(md5(timestamp + key), Buffer.from(digest, 'hex'))).includes(true);
}

const sameBytes = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
const md5 = (text: string): Buffer => createHash('md5').update(text).digest();
