import { deepStrictEqual, ok } from 'node:assert/strict';
import { it, has, refuses } from '../suite.js';
import { jwt, pause, rest, signature } from '../wire.js';

it('handshake: a JWT opens a session, which comes first and says its limits', async (world) => {
  const wire = await world.login('ann');
  has(wire.session, { type: 'session', client: world.id('ann'), resumed: false });
  const { token, expiresAt, time, limits } = wire.session;
  ok(token.length > 0 && expiresAt > time && Math.abs(time - Date.now()) < 600_000);
  ok(limits.frameBytes > 0 && limits.bodyBytes > 0 && limits.page > 0);
});

it('handshake: a signature opens a session', async (world) => {
  const wire = await world.open(signature(world.target, world.id('ann')));
  deepStrictEqual(wire.session.client, world.id('ann'));
});

it('handshake: the session token brings the client back', async (world) => {
  const first = await world.login('ann', { deviceId: 'phone' });
  first.close();
  await pause(50);
  const again = await world.open({ session: first.session.token });
  deepStrictEqual(again.session.client, world.id('ann'));
});

it('handshake: unknown fields are ignored', async (world) => {
  await world.login('ann', { future: { anything: true } });
});

it('handshake: refuses another version, and none', async (world) => {
  for (const v of [0, 2, '1', undefined]) {
    const error = await refuses(
      'unsupported_version',
      world.open({ token: jwt(world.target, world.id('ann')), v }),
    );
    deepStrictEqual(error.wire.code, 1003);
  }
});

it('handshake: refuses an app that is not there like a token of another', async (world) => {
  const appId = 'NoSuchAppNoSuchApp00';
  await refuses(
    'token_invalid',
    world.open({ appId, token: jwt({ ...world.target, app: appId }, world.id('ann')) }),
  );
});

it('handshake: refuses malformed fields', async (world) => {
  await refuses('bad_request', world.open({ token: 17 }));
  await refuses(
    'bad_request',
    world.open({ token: jwt(world.target, world.id('ann')), deviceId: 'x'.repeat(500) }),
  );
});

it('handshake: refuses when there is no credential', async (world) => {
  await refuses('unauthenticated', world.open({}));
});

it('handshake: refuses an unsigned login', async (world) => {
  await refuses('unsigned_login_forbidden', world.open({ clientId: world.id('ann') }));
});

it('handshake: refuses forged, foreign and senseless tokens', async (world) => {
  const { target } = world;
  const ann = world.id('ann');
  const good = jwt(target, ann);
  const bad = [
    jwt(target, ann, {}, 'another key'),
    jwt(target, ann, { aud: 'another-app' }),
    'not.a.token',
    good.slice(0, -6),
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.`,
  ];
  for (const token of bad) await refuses('token_invalid', world.open({ token }));
});

it('handshake: refuses an expired token', async (world) => {
  const now = Math.floor(Date.now() / 1000);
  const token = jwt(world.target, world.id('ann'), { iat: now - 7_200, exp: now - 3_600 });
  await refuses('token_expired', world.open({ token }));
});

it('handshake: refuses a wrong and an old signature', async (world) => {
  const { target } = world;
  const ann = world.id('ann');
  await refuses('signature_invalid', world.open(signature(target, ann, Date.now(), 'another key')));
  await refuses('signature_invalid', world.open(signature(target, ann, Date.now() - 86_400_000)));
  await refuses('signature_invalid', world.open({ ...signature(target, ann), clientId: world.id('bob') }));
});

it('handshake: refuses a session token that nobody made', async (world) => {
  await refuses('token_invalid', world.open({ session: 'nonsense' }));
});

it('session: a refreshed token opens a session', async (world) => {
  const wire = await world.login('ann');
  const { token, expiresAt } = await wire.call('session.refresh', {});
  ok(expiresAt >= wire.session.expiresAt);
  await world.open({ session: token });
});

it('session: logging out closes, and ends the token', async (world) => {
  const wire = await world.login('ann');
  await wire.call('session.close', {});
  const closing = await wire.event('closing');
  has(closing, { code: 1205, name: 'logged_out', reconnectAfterMs: undefined });
  await refuses('session_expired', world.open({ session: wire.session.token }));
});

it('session: a kick closes with its code and ends the token; a new login is let in', async (world) => {
  const wire = await world.login('ann');
  await rest(world.target, 'POST', `/clients/${world.id('ann')}/kick`, { message: 'out' });
  has(await wire.event('closing'), { code: 1201, name: 'kicked', reconnectAfterMs: undefined });
  await refuses('kicked', world.open({ session: wire.session.token }));
  await pause(20);
  await world.login('ann');
});

it('session: a ban closes, and refuses every login until it is lifted', async (world) => {
  const wire = await world.login('ann');
  await rest(world.target, 'POST', `/clients/${world.id('ann')}/ban`, { seconds: 600 });
  has(await wire.event('closing'), { code: 1105, name: 'banned' });
  await refuses('banned', world.login('ann'));
  await refuses('banned', world.open({ session: wire.session.token }));
  await rest(world.target, 'DELETE', `/clients/${world.id('ann')}/ban`);
  await world.login('ann');
});

it('session: the later login with a tag ends the earlier one; other tags stay', async (world) => {
  const first = await world.login('ann', { tag: 'mobile' });
  const desktop = await world.login('ann', { tag: 'desktop' });
  await pause(20);
  await world.login('ann', { tag: 'mobile' });
  has(await first.event('closing'), { code: 1200, name: 'session_conflict', reconnectAfterMs: undefined });
  await refuses('session_conflict', world.open({ session: first.session.token }));
  deepStrictEqual(desktop.closed, false);
});
