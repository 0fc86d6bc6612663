import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type App, presets, type SignatureAlgorithm } from '@hongyan/apps';
import { type AppError, asAppId, asTenantId } from '@hongyan/protocol';
import { exportJWK, exportSPKI, generateKeyPair, type CryptoKey, type JWK, SignJWT } from 'jose';
import { guardedFetch, isPrivateAddress } from './guarded-fetch.js';
import { LoginTokens } from './login-token.js';

const now = Date.now();
const appWith = (login: Partial<App['login']>): App => ({
  ...presets.native,
  id: asAppId('one'),
  tenant: asTenantId('t'),
  name: 'one',
  preset: 'native',
  enabled: true,
  appKey: { current: 'k' },
  masterKey: { current: 'a master key of at least thirty-two characters' },
  createdAt: 0,
  updatedAt: 0,
  login: { ...presets.native.login, ...login },
});

const keyPairOf = (alg: string) => generateKeyPair(alg, { extractable: true });
const tokenOf = (alg: string, key: CryptoKey, header: Record<string, unknown> = {}) =>
  new SignJWT({ sub: 'ann', aud: 'one', exp: Math.floor(now / 1000) + 60 })
    .setProtectedHeader({ alg, ...header })
    .sign(key);

const outcome = (verified: Promise<{ client: string }>): Promise<string> =>
  verified.then(
    ({ client }) => client,
    (error: AppError) => error.error,
  );

describe.each<SignatureAlgorithm>(['RS256', 'ES256', 'EdDSA'])('public keys for %s', (algorithm) => {
  it('are taken as PEM or JWK, several at a time, and no other algorithm counts', async () => {
    const [mine, second, stranger] = await Promise.all([
      keyPairOf(algorithm),
      keyPairOf(algorithm),
      keyPairOf(algorithm),
    ]);
    const app = appWith({
      jwtAlgorithm: algorithm,
      jwtKeys: [await exportSPKI(mine.publicKey), JSON.stringify(await exportJWK(second.publicKey))],
    });
    const tokens = new LoginTokens();
    expect(await outcome(tokens.verify(app, await tokenOf(algorithm, mine.privateKey), now))).toBe('ann');
    expect(await outcome(tokens.verify(app, await tokenOf(algorithm, second.privateKey), now))).toBe('ann');
    expect(await outcome(tokens.verify(app, await tokenOf(algorithm, stranger.privateKey), now))).toBe(
      'token_invalid',
    );
    // The classic: a public key taken for a secret.
    const pem = new TextEncoder().encode(await exportSPKI(mine.publicKey));
    const confused = new SignJWT({
      sub: 'ann',
      aud: 'one',
      exp: Math.floor(now / 1000) + 60,
    }).setProtectedHeader({ alg: 'HS256' });
    expect(await outcome(tokens.verify(app, await confused.sign(pem), now))).toBe('token_invalid');
    expect(
      await outcome(
        tokens.verify(appWith({ jwtAlgorithm: algorithm }), await tokenOf(algorithm, mine.privateKey), now),
      ),
    ).toBe('token_invalid');
  });
});

it('keys that cannot be read are the fault of nobody who logs in', async () => {
  const { privateKey } = await keyPairOf('ES256');
  const app = appWith({ jwtAlgorithm: 'ES256', jwtKeys: ['no key'] });
  expect(await outcome(new LoginTokens().verify(app, await tokenOf('ES256', privateKey), now))).toBe(
    'unavailable',
  );
});

describe('key sets', () => {
  let server: Server;
  let url: string;
  let keys: JWK[] = [];
  let requests = 0;
  let reply: (() => string) | undefined;
  beforeEach(async () => {
    requests = 0;
    reply = undefined;
    server = createServer((request, response) => {
      requests += 1;
      if (request.url === '/moved') response.writeHead(302, { location: '/keys' }).end();
      else response.end(reply?.() ?? JSON.stringify({ keys }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('are fetched once and kept, and again for a key they did not have, but not at every wish', async () => {
    const { publicKey, privateKey } = await keyPairOf('ES256');
    keys = [{ ...(await exportJWK(publicKey)), kid: 'a', alg: 'ES256' }];
    const tokens = new LoginTokens({ allowPrivateJwks: true, jwksCooldownMs: 60_000 });
    const token = await tokenOf('ES256', privateKey, { kid: 'a' });
    // A changed app is another object: the set stays.
    for (let n = 0; n < 3; n += 1) {
      expect(await outcome(tokens.verify(appWith({ jwtAlgorithm: 'ES256', jwksUrl: url }), token, now))).toBe(
        'ann',
      );
    }
    const unknown = await tokenOf('ES256', privateKey, { kid: 'b' });
    expect(await outcome(tokens.verify(appWith({ jwtAlgorithm: 'ES256', jwksUrl: url }), unknown, now))).toBe(
      'token_invalid',
    );
    expect(requests).toBe(1);
  });

  it('that cannot be had answer unavailable', async () => {
    const { privateKey } = await keyPairOf('ES256');
    const token = await tokenOf('ES256', privateKey, { kid: 'a' });
    const verify = (jwksUrl: string, allowPrivateJwks = true) =>
      outcome(
        new LoginTokens({ allowPrivateJwks, jwksTimeoutMs: 500 }).verify(
          appWith({ jwtAlgorithm: 'ES256', jwksUrl }),
          token,
          now,
        ),
      );
    expect(await verify(url, false)).toBe('unavailable');
    expect(requests).toBe(0);
    expect(await verify(url.replace('/keys', '/moved'))).toBe('unavailable');
    expect(requests).toBe(1);
    reply = () => 'no JSON';
    expect(await verify(url)).toBe('unavailable');
    reply = () => 'x'.repeat(1_000_000);
    expect(await verify(url)).toBe('unavailable');
  });

  it('are not fetched from private networks by name either', async () => {
    const options = { allowPrivate: false, timeoutMs: 1_000, maxBytes: 1_000 };
    await expect(guardedFetch(`https://localhost:${new URL(url).port}/`, options)).rejects.toThrow('private');
    await expect(guardedFetch('https://[::1]/', options)).rejects.toThrow('private');
    await expect(guardedFetch('http://example.com/', options)).rejects.toThrow('https');
    await expect(guardedFetch('file:///etc/passwd', { ...options, allowPrivate: true })).rejects.toThrow(
      'https',
    );
    expect(requests).toBe(0);
  });
});

it.each([
  ['10.1.2.3', true],
  ['127.0.0.1', true],
  ['169.254.169.254', true],
  ['172.31.0.1', true],
  ['192.168.1.1', true],
  ['100.64.0.1', true],
  ['0.0.0.0', true],
  ['::1', true],
  ['::ffff:10.0.0.1', true],
  ['fe80::1', true],
  ['fd00::1', true],
  ['64:ff9b::a00:1', true],
  ['8.8.8.8', false],
  ['172.32.0.1', false],
  ['2606:4700::1111', false],
  ['::ffff:8.8.8.8', false],
])('%s is private: %s', (address, expected) => {
  expect(isPrivateAddress(address)).toBe(expected);
});
