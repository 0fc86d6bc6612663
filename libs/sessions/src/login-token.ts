import { acceptedSecrets, type App } from '@hongyan/apps';
import { AppError, isClientId, type ClientId } from '@hongyan/protocol';
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  importJWK,
  importSPKI,
  importX509,
  jwtVerify,
  type CryptoKey,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose';
import { LRUCache } from 'lru-cache';
import { guardedFetch } from './guarded-fetch.js';
import { keyBytes } from './secrets.js';
import type { Profile } from './types.js';

type Key = CryptoKey | Uint8Array;

export interface LoginTokensOptions {
  /** May key sets be fetched from private addresses and over plain HTTP? */
  readonly allowPrivateJwks?: boolean;
  readonly jwksTimeoutMs?: number;
  /** Shortest time between two fetches of one key set. */
  readonly jwksCooldownMs?: number;
}

const leewaySeconds = 60;

/** Verifies the JWTs that tenants' servers make for their clients. */
export class LoginTokens {
  /** By app as it was read: a changed app is another object, so its former keys are forgotten with it. */
  private readonly importedKeys = new WeakMap<App, Promise<Key[]>>();
  private readonly keySets = new LRUCache<string, JWTVerifyGetKey>({ max: 1_000 });

  constructor(private readonly options: LoginTokensOptions = {}) {}

  async verify(app: App, token: string, now: number): Promise<{ client: ClientId; profile: Profile }> {
    const payload = await this.payload(app, token, now);
    const client = payload.sub ?? '';
    if (!isClientId(client))
      throw new AppError('token_invalid', { detail: 'The claim sub is not a client id.' });
    if (payload.exp! * 1000 > now + (app.login.jwtMaxAge + leewaySeconds) * 1000) {
      throw new AppError('token_invalid', { detail: 'The token lives longer than the app allows.' });
    }
    return { client, profile: profileOf(payload) };
  }

  private async payload(app: App, token: string, now: number): Promise<JWTPayload> {
    const options: JWTVerifyOptions = {
      algorithms: [app.login.jwtAlgorithm],
      audience: app.id,
      requiredClaims: ['exp', 'sub', 'aud'],
      currentDate: new Date(now),
    };
    try {
      const { jwksUrl } = app.login;
      if (app.login.jwtAlgorithm !== 'HS256' && jwksUrl !== undefined) {
        return (await jwtVerify(token, this.keySet(app, jwksUrl), options)).payload;
      }
      return await verifyWithOneOf(token, await this.keys(app, now), options);
    } catch (error) {
      throw translated(error);
    }
  }

  private keys(app: App, now: number): Key[] | Promise<Key[]> {
    const { jwtAlgorithm, jwtKeys = [] } = app.login;
    if (jwtAlgorithm === 'HS256') return acceptedSecrets(app.masterKey, now).map(keyBytes);
    let keys = this.importedKeys.get(app);
    if (keys === undefined) {
      keys = Promise.all(jwtKeys.map((text) => importKey(text, jwtAlgorithm)));
      this.importedKeys.set(app, keys);
    }
    return keys;
  }

  private keySet(app: App, url: string): JWTVerifyGetKey {
    const { allowPrivateJwks = false, jwksTimeoutMs = 5_000, jwksCooldownMs = 30_000 } = this.options;
    const key = `${app.id}\n${url}`;
    let keySet = this.keySets.get(key);
    if (keySet === undefined) {
      keySet = createRemoteJWKSet(new URL(url), {
        timeoutDuration: jwksTimeoutMs,
        cooldownDuration: jwksCooldownMs,
        [customFetch]: (address) =>
          guardedFetch(address, {
            allowPrivate: allowPrivateJwks,
            timeoutMs: jwksTimeoutMs,
            maxBytes: 256 * 1024,
          }),
      });
      this.keySets.set(key, keySet);
    }
    return keySet;
  }
}

async function verifyWithOneOf(token: string, keys: Key[], options: JWTVerifyOptions): Promise<JWTPayload> {
  let failure: unknown = new AppError('token_invalid', { detail: 'The app has no key for login tokens.' });
  for (const key of keys) {
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      failure = error;
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw failure;
}

async function importKey(text: string, algorithm: string): Promise<Key> {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) {
    const jwk = JSON.parse(trimmed) as JWK;
    if (jwk.kty === 'oct') throw new Error('a public key is wanted, not a secret');
    return importJWK(jwk, algorithm);
  }
  return trimmed.includes('BEGIN CERTIFICATE')
    ? importX509(trimmed, algorithm)
    : importSPKI(trimmed, algorithm);
}

/** What a key set says when it is no key set; tokens never cause these. */
const keySetFailures = ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID'];

/** Wrong tokens are the client's fault; keys that cannot be had are not. */
function translated(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof errors.JWTExpired) return new AppError('token_expired', { cause: error });
  if (error instanceof errors.JOSEError && !keySetFailures.includes(error.code)) {
    return new AppError('token_invalid', { cause: error });
  }
  return new AppError('unavailable', { detail: 'The keys for login tokens cannot be read.', cause: error });
}

const claimLengths = { name: 255, avatarUrl: 2048, locale: 35, timeZone: 64 } as const;

/** Claims of the wrong type or length are ignored: they are decoration, not proof. */
function profileOf(payload: JWTPayload): Profile {
  const profile: Record<string, unknown> = {};
  for (const [claim, length] of Object.entries(claimLengths)) {
    const value = payload[claim];
    if (typeof value === 'string' && value.length <= length) profile[claim] = value;
  }
  const { custom } = payload;
  if (typeof custom === 'object' && custom !== null && !Array.isArray(custom)) profile.custom = custom;
  return profile;
}
