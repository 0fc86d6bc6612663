import { type App, presets } from '@hongyan/apps';
import { type AppError, asAppId, asClientId, asTenantId } from '@hongyan/protocol';
import { SignJWT } from 'jose';
import { Authenticator } from './authenticator.js';
import { signLogin } from './login-signature.js';
import type { Revocation, RevocationStore } from './ports.js';
import { RevocationList } from './revocation-list.js';
import { ServerAuthenticator } from './server-authenticator.js';
import type { Profile } from './types.js';

const masterKey = 'a master key of at least thirty-two characters';
const sessionKey = { current: 'the session key of this installation' };
const day = 86_400_000;

let now = 1_800_000_000_000;
let rows: Revocation[] = [];
let bans: Record<string, number> = {};
let profiles: [string, Profile][] = [];

const store: RevocationStore = {
  add: (revocation) => Promise.resolve(void rows.push(revocation)),
  since: (position, at) =>
    Promise.resolve({
      revocations: rows.slice(Number(position ?? 0)).filter(({ expiresAt }) => expiresAt > at),
      position: String(rows.length),
    }),
  purge: () => Promise.resolve(),
};

function appNamed(id: string, login: Partial<App['login']> = {}, more: Partial<App> = {}): App {
  return {
    ...presets.native,
    id: asAppId(id),
    tenant: asTenantId('t'),
    name: id,
    preset: 'native',
    enabled: true,
    appKey: { current: 'k' },
    masterKey: { current: masterKey },
    createdAt: 0,
    updatedAt: 0,
    ...more,
    login: { ...presets.native.login, unsigned: true, ...login },
  };
}

const app = appNamed('one');
let list: RevocationList;
let authenticator: Authenticator;
const pod = () => {
  list = new RevocationList(store, { now: () => now });
  return new Authenticator({
    sessionKey,
    revocations: list,
    clients: {
      bannedUntil: (_, client) => Promise.resolve(bans[client]),
      setProfile: (_, client, profile) => Promise.resolve(void profiles.push([client, profile])),
    },
  });
};
beforeEach(() => {
  rows = [];
  bans = {};
  profiles = [];
  authenticator = pod();
});

const nameOf = (login: Promise<unknown>): Promise<string> =>
  login.then(
    () => 'ok',
    (error: AppError) => error.error,
  );

const unsigned = (words: { device?: string; tag?: string } = {}, client = 'ann') =>
  authenticator.login(app, { kind: 'unsigned', client, ...words }, now);
const resume = (token: string, as = app) => authenticator.login(as, { kind: 'session', token }, now);

describe('login tokens', () => {
  const token = (
    claims: Record<string, unknown> = {},
    key = masterKey,
    header: Record<string, unknown> = {},
  ) =>
    new SignJWT({ sub: 'ann', aud: 'one', exp: now / 1000 + 60, ...claims })
      .setProtectedHeader({ alg: 'HS256', ...header })
      .sign(new TextEncoder().encode(key));
  const login = (jwt: string, to = app) => authenticator.login(to, { kind: 'jwt', token: jwt }, now);

  it('open a session and may tell about the client', async () => {
    const custom = { level: 3 };
    const jwt = await token({
      name: 'Ann',
      locale: 7,
      avatarUrl: 'x'.repeat(3_000),
      timeZone: 'Asia/Shanghai',
      custom,
    });
    const { session, fresh, loginAt } = await login(jwt);
    expect(session).toEqual({ app: 'one', client: 'ann', session: session.session, device: session.session });
    expect([fresh, loginAt]).toEqual([true, now]);
    expect(profiles).toEqual([['ann', { name: 'Ann', timeZone: 'Asia/Shanghai', custom }]]);
  });

  it.each([
    ['token_expired', { exp: 1_700_000_000 }],
    ['token_invalid', { exp: undefined }],
    ['token_invalid', { exp: 1_800_000_000 + 2 * 86_400 }],
    ['token_invalid', { aud: 'two' }],
    ['token_invalid', { aud: undefined }],
    ['token_invalid', { sub: undefined }],
    ['token_invalid', { sub: 'a\nb' }],
    ['token_invalid', { sub: 'x'.repeat(65) }],
    ['token_invalid', { nbf: 1_900_000_000 }],
  ])('are refused with %s: %j', async (name, claims) => {
    expect(await nameOf(login(await token(claims)))).toBe(name);
  });

  it('are refused when forged, unsigned, or signed by another algorithm', async () => {
    const good = await token();
    const [header, payload] = good.split('.') as [string, string];
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const hs512 = await new SignJWT({ sub: 'ann', aud: 'one', exp: now / 1000 + 60 })
      .setProtectedHeader({ alg: 'HS512' })
      .sign(new TextEncoder().encode(masterKey.repeat(2)));
    const forged = [
      await token({}, 'another key of at least thirty-two chars'),
      `${header}.${payload}.`,
      `${none}.${payload}.`,
      hs512,
      '',
      'a.b.c',
      good.slice(0, -2),
    ];
    expect(await Promise.all(forged.map((jwt) => nameOf(login(jwt))))).toEqual(
      forged.map(() => 'token_invalid'),
    );
  });

  it('signed with the master key of before count while the two overlap', async () => {
    const jwt = await token();
    const rotated = (previousUntil: number) =>
      appNamed(
        'one',
        {},
        {
          masterKey: {
            current: 'the new master key, thirty-two characters',
            previous: masterKey,
            previousUntil,
          },
        },
      );
    expect(await nameOf(login(jwt, rotated(now + 1)))).toBe('ok');
    expect(await nameOf(login(jwt, rotated(now)))).toBe('token_invalid');
  });

  it('are no session tokens, and the other way round', async () => {
    const session = await login(await token());
    expect(await nameOf(login(session.token))).toBe('token_invalid');
    expect(await nameOf(resume(await token()))).toBe('token_invalid');
  });
});

describe('signatures', () => {
  const sign = (client: string, timestamp = now, nonce = 'n', id = 'one', key = masterKey) => ({
    kind: 'signature' as const,
    client,
    timestamp,
    nonce,
    signature: signLogin(key, id, client, timestamp, nonce),
  });
  const login = (credentials: ReturnType<typeof sign>, to = app) =>
    nameOf(authenticator.login(to, credentials, now));

  it('are HMAC-SHA256 over the words of the manual', () => {
    // echo -ne 'hongyan-login\none\nann\n1800000000000\nn' | openssl dgst -sha256 -hmac key
    expect(signLogin('key', 'one', 'ann', 1_800_000_000_000, 'n')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('count for this app, client, time and nonce', async () => {
    const six = 6 * 3_600_000;
    expect(await login(sign('ann'))).toBe('ok');
    expect(await login({ ...sign('ann'), signature: sign('ann').signature.toUpperCase() })).toBe('ok');
    expect(await login(sign('ann', now - six))).toBe('ok');
    const wrong = [
      { ...sign('ann'), client: 'bob' },
      { ...sign('ann'), nonce: 'm' },
      { ...sign('ann'), timestamp: now + 1 },
      { ...sign('ann'), signature: '' },
      sign('ann', now - six - 1),
      sign('ann', now + six + 1),
      sign('ann', Number.NaN),
      sign('ann', now, 'n', 'two'),
      sign('ann', now, 'n', 'one', 'another key'),
      // The separator may not move words from one field to the next.
      sign('ann\nbob'),
      sign('ann', now, 'n\nm'),
    ];
    expect(await Promise.all(wrong.map((credentials) => login(credentials)))).toEqual(
      wrong.map(() => 'signature_invalid'),
    );
  });
});

describe('unsigned logins', () => {
  it('are for apps that allow them', async () => {
    expect(await nameOf(unsigned())).toBe('ok');
    expect(
      await nameOf(
        authenticator.login(appNamed('one', { unsigned: false }), { kind: 'unsigned', client: 'ann' }, now),
      ),
    ).toBe('unsigned_login_forbidden');
    expect(await nameOf(unsigned({}, ''))).toBe('bad_request');
  });

  it('are refused while the client is banned', async () => {
    bans.ann = now + 1;
    expect(await nameOf(unsigned())).toBe('banned');
    bans.ann = now;
    expect(await nameOf(unsigned())).toBe('ok');
  });
});

describe('session tokens', () => {
  it('bring the session back on any pod, after any restart, without asking anybody', async () => {
    const login = await unsigned({ device: 'phone', tag: 'mobile' });
    bans.ann = now + day;
    const elsewhere = pod();
    now += 1_000;
    const back = await elsewhere.login(app, { kind: 'session', token: login.token }, now);
    expect(back).toMatchObject({ session: login.session, loginAt: login.loginAt, fresh: false });
    expect(back.expiresAt).toBeGreaterThan(login.expiresAt);
    expect(profiles).toEqual([]);
  });

  it('expire, and belong to one app and one installation', async () => {
    const { token } = await unsigned();
    expect(await nameOf(resume(token, appNamed('two')))).toBe('token_invalid');
    expect(await nameOf(resume(`${token}x`))).toBe('token_invalid');
    const elsewhere = new Authenticator({
      sessionKey: { current: 'the key of another installation!!' },
      revocations: list,
      clients: { bannedUntil: () => Promise.resolve(0), setProfile: () => Promise.resolve() },
    });
    expect(await nameOf(elsewhere.login(app, { kind: 'session', token }, now))).toBe('token_invalid');
    now += 3_600_000;
    expect(await nameOf(resume(token, appNamed('one', { sessionTtl: 3_600 })))).toBe('session_expired');
    now += 7 * day;
    expect(await nameOf(resume(token))).toBe('session_expired');
  });

  it('of the session key of before still count', async () => {
    const { token } = await unsigned();
    const rotated = new Authenticator({
      sessionKey: { current: 'the next session key, which is new', previous: sessionKey.current },
      revocations: list,
      clients: { bannedUntil: () => Promise.resolve(0), setProfile: () => Promise.resolve() },
    });
    expect(await nameOf(rotated.login(app, { kind: 'session', token }, now))).toBe('ok');
  });

  it('are refreshed, and revoked by logging out', async () => {
    const { session, loginAt } = await unsigned();
    now += 1_000;
    const { token } = await authenticator.refresh(app, session, loginAt, now);
    expect((await resume(token)).loginAt).toBe(loginAt);
    await authenticator.logOut(app, session, now);
    expect(await nameOf(resume(token))).toBe('session_expired');
    expect(await nameOf(authenticator.refresh(app, session, loginAt, now))).toBe('session_expired');
  });
});

describe('a tag', () => {
  it('belongs to the later login, whatever the order of reconnects and wherever it is asked', async () => {
    const old = await unsigned({ device: 'a', tag: 'mobile' });
    const otherTag = await unsigned({ device: 'c', tag: 'web' });
    const none = await unsigned({ device: 'd' });
    const young = await unsigned({ device: 'b', tag: 'mobile' });
    expect(young.loginAt).toBeGreaterThan(old.loginAt);
    const elsewhere = pod();
    await list.start();
    const names = [old, young, otherTag, none].map(({ token }) =>
      nameOf(elsewhere.login(app, { kind: 'session', token }, now)),
    );
    expect(await Promise.all(names)).toEqual(['session_conflict', 'ok', 'ok', 'ok']);
    await list.stop();
  });

  it('is durable before the session opens', async () => {
    await unsigned({ tag: 'mobile' });
    expect(rows).toHaveLength(1);
    rows.push = () => {
      throw new Error('disk full');
    };
    await expect(unsigned({ tag: 'mobile' })).rejects.toThrow('disk full');
  });

  it('never sets a device against itself', async () => {
    const first = await unsigned({ device: 'a', tag: 'mobile' });
    await unsigned({ device: 'a', tag: 'mobile' });
    expect(await nameOf(resume(first.token))).toBe('ok');
    await unsigned({ device: 'b', tag: 'mobile' });
    expect(await nameOf(resume(first.token))).toBe('session_conflict');
  });

  it('leaves one revocation, however often its client logs in', async () => {
    for (let n = 0; n < 50; n += 1) await unsigned({ tag: 'mobile' });
    const { apps } = list as unknown as { apps: Map<string, Map<string, Revocation[]>> };
    expect(apps.get('one')?.get('ann')).toHaveLength(1);
  });
});

describe('revocations', () => {
  const revoke = (more: Partial<Revocation>) =>
    list.add({
      app: app.id,
      client: asClientId('ann'),
      loginBefore: now + 1,
      reason: 'kicked',
      createdAt: now,
      expiresAt: now + day,
      ...more,
    });

  it('answer their reason, the gravest first, and concern older logins only', async () => {
    const { token, session } = await unsigned();
    await revoke({ reason: 'logged_out', session: session.session });
    expect(await nameOf(resume(token))).toBe('session_expired');
    await revoke({ reason: 'session_conflict' });
    expect(await nameOf(resume(token))).toBe('session_conflict');
    await revoke({ reason: 'kicked', message: 'enough' });
    await expect(resume(token)).rejects.toMatchObject({ error: 'kicked', message: 'enough' });
    await revoke({ reason: 'banned' });
    expect(await nameOf(resume(token))).toBe('banned');
    now += 1;
    const later = await unsigned();
    expect(await nameOf(resume(later.token))).toBe('ok');
  });

  it('of another app, client, tag or session do not concern a session', async () => {
    const { token } = await unsigned({ tag: 'mobile' });
    await revoke({ app: asAppId('two') });
    await revoke({ client: asClientId('bob') });
    await revoke({ tag: 'web' });
    await revoke({ session: 'other' as never });
    expect(await nameOf(resume(token))).toBe('ok');
  });

  it('made by another pod arrive by polling, and expired ones are forgotten', async () => {
    const { token } = await unsigned();
    rows.push({
      app: app.id,
      client: asClientId('ann'),
      loginBefore: now + 1,
      reason: 'kicked',
      createdAt: now,
      expiresAt: now + day,
    });
    expect(await nameOf(resume(token))).toBe('ok');
    await list.poll();
    expect(await nameOf(resume(token))).toBe('kicked');
    now += 2 * day;
    await list.poll();
    expect((list as unknown as { apps: Map<unknown, unknown> }).apps.size).toBe(0);
  });
});

describe('servers', () => {
  const server = new ServerAuthenticator();
  const token = (claims: Record<string, unknown>, key = masterKey) =>
    new SignJWT({ aud: 'one', scope: 'server', exp: now / 1000 + 60, ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(key));

  it('prove themselves by the master key or a short-lived token', async () => {
    expect(await nameOf(server.check(app, { kind: 'masterKey', masterKey }, now))).toBe('ok');
    expect(await nameOf(server.check(app, { kind: 'masterKey', masterKey: 'wrong' }, now))).toBe(
      'unauthenticated',
    );
    const cases: [string, Promise<string>][] = [
      ['ok', token({})],
      ['token_invalid', token({ aud: 'two' })],
      ['token_invalid', token({ scope: undefined })],
      ['token_invalid', token({ exp: undefined })],
      ['token_invalid', token({ exp: now / 1000 + 7_200 })],
      ['token_expired', token({ exp: now / 1000 - 1 })],
      ['token_invalid', token({}, 'another key of at least thirty-two chars')],
    ];
    for (const [name, jwt] of cases)
      expect(await nameOf(server.check(app, { kind: 'token', token: await jwt }, now))).toBe(name);
  });
});
