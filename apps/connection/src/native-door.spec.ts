import { signLogin } from '@hongyan/sessions';
import { asClientId, asConversationId, errorTable, type Delivery } from '@hongyan/protocol';
import { SignJWT } from 'jose';
import { masterKey, type Rig, sampleApp, slowPresence, startRig } from './fixtures.contract.js';

const one = sampleApp('one', { limits: { ...sampleApp('x').limits, sessionsPerClient: 3 } });
const strict = sampleApp('strict', {
  login: { ...sampleApp('x').login, unsigned: false },
  origins: ['https://shop.example'],
});
const small = sampleApp('small', { limits: { ...one.limits, connections: 1 } });

let rig: Rig;
let inUse: (typeof one)[];
beforeEach(async () => {
  inUse = [one, strict, small];
  rig = await startRig(inUse);
});
afterEach(() => rig.stop());

/** How a login ended: welcomed, closed again with a reason, or refused at the handshake. */
function outcomeOf(client: ReturnType<Rig['client']>): string | undefined {
  const first = client.events[0];
  if (first !== undefined) return first.type === 'closing' ? first.name : first.type;
  const refusal = client.packets.find((text) => text.startsWith('4'));
  return refusal && (JSON.parse(refusal.slice(1)) as { data: { name: string } }).data.name;
}

const jwt = (claims: Record<string, unknown>, key = masterKey, seconds = 60) =>
  new SignJWT({ aud: 'strict', sub: 'ann', exp: Math.floor(Date.now() / 1000) + seconds, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(key));

describe('logging in', () => {
  it('opens a session and tells it first', async () => {
    const client = rig.client({ deviceId: 'phone', unknownField: { x: 1 } });
    const session = await client.event('session');
    expect(session).toMatchObject({ client: 'ann', resumed: false, limits: { page: 100 } });
    expect(rig.commands.opened).toEqual([
      { app: 'one', client: 'ann', session: session.session, device: 'phone' },
    ]);
    expect(client.packets[0]).toMatch(/^0\{"sid"/);
  });

  it.each([
    ['unsupported_version', { v: 2 }],
    ['unsupported_version', { v: undefined }],
    ['unsigned_login_forbidden', { appId: 'other' }],
    ['token_invalid', { appId: 'other', token: 'no.such.token' }],
    ['unauthenticated', { clientId: undefined }],
    ['bad_request', { clientId: 7 }],
    ['bad_request', { clientId: 'a\nb' }],
    ['bad_request', { tag: '' }],
    ['unsigned_login_forbidden', { appId: 'strict' }],
    ['token_invalid', { appId: 'strict', token: 'no.such.token' }],
    ['token_invalid', { session: 'x' }],
    [
      'signature_invalid',
      { appId: 'strict', signature: { timestamp: Date.now(), nonce: 'n', signature: 'ff' } },
    ],
  ])('refuses with %s: %j', async (name, auth) => {
    const client = rig.client(auth);
    expect(await client.refusal()).toMatchObject({ name, code: errorTable[name as 'not_found'].code });
    await client.whenClosed();
    expect(rig.commands.opened).toEqual([]);
  });

  it('takes tokens and signatures of the app only, while they are valid', async () => {
    const signed = (app: string) => {
      const timestamp = Date.now();
      return { timestamp, nonce: 'n', signature: signLogin(masterKey, app, 'ann', timestamp, 'n') };
    };
    await rig.client({ appId: 'strict', token: await jwt({}) }).event('session');
    await rig.client({ appId: 'strict', signature: signed('strict') }).event('session');
    const names = [
      rig.client({ appId: 'strict', token: await jwt({}, masterKey, -60) }),
      rig.client({ appId: 'strict', token: await jwt({}, 'a forged key of at least thirty-two characters') }),
      rig.client({ appId: 'strict', token: await jwt({ aud: 'one' }) }),
      rig.client({ appId: 'strict', token: await jwt({}, masterKey, 30 * 86_400) }),
      rig.client({ appId: 'strict', signature: signed('one') }),
    ].map(async (client) => (await client.refusal()).name);
    expect(await Promise.all(names)).toEqual([
      'token_expired',
      'token_invalid',
      'token_invalid',
      'token_invalid',
      'signature_invalid',
    ]);
  });

  it('minds the origin, the connections of an app and the sessions of a client', async () => {
    const token = await jwt({});
    const refused = rig.client({ appId: 'strict', token }, { origin: 'https://evil.example' });
    expect((await refused.refusal()).name).toBe('origin_not_allowed');
    await rig.client({ appId: 'strict', token }, { origin: 'https://shop.example' }).event('session');
    await rig.client({ appId: 'small' }).event('session');
    expect((await rig.client({ appId: 'small', clientId: 'bob' }).refusal()).name).toBe('limit_exceeded');
    for (let count = 0; count < 3; count += 1) await rig.client().event('session');
    expect((await rig.client().refusal()).name).toBe('limit_exceeded');
  });

  it('lets logins that come together pass no bound together', async () => {
    slowPresence(rig);
    const open = Array.from({ length: 12 }, () => rig.client());
    const outcomes = await Promise.all(open.map((client) => client.until(() => outcomeOf(client))));
    expect(outcomes.filter((outcome) => outcome === 'session')).toHaveLength(3);
    expect(outcomes.filter((outcome) => outcome === 'limit_exceeded')).toHaveLength(9);
    expect(rig.hub.sessions).toBe(3);
    const ofSmall = ['ann', 'bob', 'cid', 'dan'].map((clientId) => rig.client({ appId: 'small', clientId }));
    const others = await Promise.all(ofSmall.map((client) => client.until(() => outcomeOf(client))));
    expect(others.filter((outcome) => outcome === 'session')).toHaveLength(1);
    expect(rig.hub.sessionsIn(small.id)).toBe(1);
  });

  it('carries one session per connection', async () => {
    const client = rig.client();
    await client.event('session');
    client.raw('40{"v":1,"appId":"one","clientId":"bob"}');
    client.raw('40/admin,{}');
    expect((await client.command('client.unread')).ok).toEqual({});
    expect(rig.commands.opened).toHaveLength(1);
  });

  it('never shows a token in the log', async () => {
    const token = await jwt({ sub: 'x\ny' });
    await rig.client({ appId: 'strict', token }).refusal();
    expect(rig.logged.join('')).not.toContain(token);
  });
});

describe('sessions', () => {
  it('come back by their token, with their rooms, and supersede their former connection', async () => {
    const first = rig.client();
    const { token, session } = await first.event('session');
    await rig.hub.join(one.id, asConversationId('room'), rig.commands.opened[0]!, 3);
    const second = rig.client({ session: token });
    expect(await second.event('session')).toMatchObject({ session, resumed: true });
    expect(await first.event('closing')).toMatchObject({ name: 'session_conflict' });
    await first.whenClosed();
    second.socket.close();
    await second.whenClosed();
    await untilTrue(() => rig.commands.ended.length === 1);
    const third = rig.client({ session: token });
    expect(await third.event('session')).toMatchObject({ session, resumed: true });
    expect(rig.commands.ended).toEqual([
      { session: expect.objectContaining({ session }) as unknown, reason: 'lost' },
    ]);
  });

  it('are refused with the token of another app', async () => {
    const { token } = await rig.client().event('session');
    expect((await rig.client({ appId: 'strict', session: token }).refusal()).name).toBe('token_invalid');
  });

  it('of one tag: the later login wins, whatever the order of reconnects', async () => {
    const old = rig.client({ tag: 'phone', deviceId: 'a' });
    const { token } = await old.event('session');
    const other = rig.client({ tag: 'tablet', deviceId: 'c' });
    await other.event('session');
    const young = rig.client({ tag: 'phone', deviceId: 'b' });
    const { token: youngToken } = await young.event('session');
    const closing = await old.event('closing');
    expect(closing).toMatchObject({ name: 'session_conflict', code: 1200 });
    expect(closing.reconnectAfterMs).toBeUndefined();
    young.socket.close();
    expect((await rig.client({ session: token }).refusal()).name).toBe('session_conflict');
    await rig.client({ session: youngToken }).event('session');
    expect(other.closed).toBe(false);
    expect(rig.commands.ended).toContainEqual(expect.objectContaining({ reason: 'conflict' }));
  });

  it('of one device never conflict', async () => {
    const first = rig.client({ tag: 'web', deviceId: 'a' });
    const { token } = await first.event('session');
    await rig.client({ tag: 'web', deviceId: 'a' }).event('session');
    await rig.client({ session: token }).event('session');
  });

  it('are kicked with a code, and stay out', async () => {
    const client = rig.client();
    const { token } = await client.event('session');
    const now = Date.now();
    await rig.revocations.add({
      app: one.id,
      client: asClientId('ann'),
      loginBefore: now + 1,
      reason: 'kicked',
      createdAt: now,
      expiresAt: now + 1e6,
    });
    rig.hub.close({ app: one.id, client: asClientId('ann'), reason: 'kicked', message: 'enough' });
    expect(await client.event('closing')).toEqual({
      type: 'closing',
      name: 'kicked',
      code: 1201,
      message: 'enough',
    });
    await client.whenClosed();
    expect((await rig.client({ session: token }).refusal()).name).toBe('kicked');
  });

  it('end with their app, and none begins any more', async () => {
    const [ann, bob, neighbour] = [
      rig.client(),
      rig.client({ clientId: 'bob' }),
      rig.client({ appId: 'small' }),
    ];
    const { token } = await ann.event('session');
    await Promise.all([bob, neighbour].map((client) => client.event('session')));
    inUse.splice(inUse.indexOf(one), 1);
    rig.hub.enforce(one.id, undefined);
    for (const client of [ann, bob]) {
      const closing = await client.event('closing');
      expect(closing).toMatchObject({ name: 'app_unavailable', code: 1104 });
      expect(closing).not.toHaveProperty('reconnectAfterMs');
      await client.whenClosed();
    }
    expect((await rig.client({ session: token }).refusal()).name).toBe('token_invalid');
    expect(rig.commands.ended.map(({ reason }) => reason)).toEqual(['kicked', 'kicked']);
    expect((await neighbour.command('client.unread')).ok).toEqual({});
  });

  it('do not begin when the app was switched off during the login', async () => {
    const attach = jest.spyOn(rig.hub, 'attach');
    // The directory answers the middleware, and no longer when the session is to be attached.
    jest.spyOn(rig.parts.apps, 'known').mockReturnValue(undefined);
    const client = rig.client();
    expect(await client.event('closing')).toMatchObject({ name: 'app_unavailable' });
    expect(attach).not.toHaveBeenCalled();
  });

  it('beyond a bound that was lowered are closed, the latest ones, until later', async () => {
    const first = rig.client();
    await first.event('session');
    const second = rig.client();
    await second.event('session');
    const third = rig.client({ clientId: 'bob' });
    await third.event('session');
    rig.hub.enforce(one.id, { ...one.limits, sessionsPerClient: 1 });
    expect(await second.event('closing')).toMatchObject({
      name: 'limit_exceeded',
      reconnectAfterMs: expect.any(Number) as number,
    });
    await second.whenClosed();
    rig.hub.enforce(one.id, { ...one.limits, connections: 1 });
    expect(await third.event('closing')).toMatchObject({ name: 'limit_exceeded' });
    expect((await first.command('client.unread')).ok).toEqual({});
  });

  it('refresh their token and log out', async () => {
    const client = rig.client();
    await client.event('session');
    const refreshed = (await client.command('session.refresh')).ok as { token: string; expiresAt: number };
    expect(refreshed.expiresAt).toBeGreaterThan(Date.now());
    expect((await client.command('session.close')).ok).toEqual({});
    expect((await client.event('closing')).name).toBe('logged_out');
    await client.whenClosed();
    expect((await rig.client({ session: refreshed.token }).refusal()).name).toBe('session_expired');
    expect(rig.commands.ended[0]?.reason).toBe('logout');
  });

  it('of two apps with the same ids never meet', async () => {
    const mine = rig.client();
    const theirs = rig.client({ appId: 'strict', token: await jwt({}) });
    await Promise.all([mine.event('session'), theirs.event('session')]);
    rig.hub.publish([signal('one', 'hello')]);
    rig.hub.close({ app: one.id, client: asClientId('ann'), reason: 'kicked' });
    await mine.whenClosed();
    expect((await theirs.command('client.unread')).ok).toEqual({});
    expect(theirs.events).toHaveLength(1);
  });
});

describe('going away', () => {
  it('answers what is under way, then tells everybody when to come back', async () => {
    const client = rig.client();
    await client.event('session');
    let finish: (result: unknown) => void = () => undefined;
    rig.commands.answer = () => new Promise((resolve) => (finish = resolve));
    const id = client.send('client.unread');
    await untilTrue(() => rig.commands.calls.length === 1);
    const drained = rig.door.drain(3_000);
    expect((await client.command('client.unread')).error?.name).toBe('shutting_down');
    expect((await rig.client().refusal()).name).toBe('shutting_down');
    finish({ unread: 1 });
    expect((await client.ack(id)).ok).toEqual({ unread: 1 });
    const closing = await client.event('closing');
    expect(closing.name).toBe('shutting_down');
    expect(closing.reconnectAfterMs).toBeGreaterThan(0);
    await drained;
    expect(client.closed).toBe(true);
    expect(client.events.at(-1)).toEqual(closing);
  });
});

function signal(app: string, name: string): Delivery {
  return {
    app: sampleApp(app).id,
    audience: { kind: 'clients', clients: [asClientId('ann')] },
    class: 'signal',
    event: { type: 'signal', conversation: asConversationId('c'), from: asClientId('bob'), name },
  };
}

async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
