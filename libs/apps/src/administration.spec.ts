import { type AppError, type AppId, asAppId, asTenantId, defaultLimits } from '@hongyan/protocol';
import {
  CachedAppDirectory,
  LocalAppStore,
  acceptedSecrets,
  createApp,
  createSecretBox,
  createTenant,
  fromStored,
  listApps,
  newSecretKey,
  parseSecretKey,
  rotateKey,
  setApp,
  showApp,
} from './index.js';

const [red, blue] = [asTenantId('red'), asTenantId('blue')];

async function installation() {
  const clock = { time: 1_000_000 };
  const store = new LocalAppStore();
  const secrets = createSecretBox(parseSecretKey(newSecretKey(), 'test'));
  const directory = new CachedAppDirectory({ store, secrets, now: () => clock.time, refreshAfter: 1000 });
  const administration = {
    store,
    secrets,
    now: () => clock.time,
    changed: (id: AppId) => directory.changed(id),
  };
  await createTenant(administration, { id: red, name: 'Red' });
  await createTenant(administration, { id: blue, name: 'Blue' });
  return { administration, clock, directory, store, secrets };
}

const failure = (error: string) => expect.objectContaining({ error }) as AppError;

describe('tenants and apps', () => {
  it('are made once per id, with keys of their own', async () => {
    const { administration } = await installation();
    await expect(createTenant(administration, { id: red, name: 'Again' })).rejects.toEqual(
      failure('already_exists'),
    );
    const one = await createApp(administration, { tenant: red, name: 'One' });
    const two = await createApp(administration, { tenant: blue, name: 'One' });
    expect(
      new Set([
        one.id,
        two.id,
        one.appKey.current,
        two.appKey.current,
        one.masterKey.current,
        two.masterKey.current,
      ]).size,
    ).toBe(6);
    await expect(createApp(administration, { tenant: blue, name: 'Taken', id: one.id })).rejects.toEqual(
      failure('already_exists'),
    );
    await expect(createApp(administration, { tenant: asTenantId('green'), name: 'x' })).rejects.toEqual(
      failure('not_found'),
    );
    expect((await listApps(administration, red)).map(({ id }) => id)).toEqual([one.id]);
    expect(await listApps(administration)).toHaveLength(2);
  });

  it('keep the id and keys they bring along', async () => {
    const { administration, store, secrets } = await installation();
    const given = { id: asAppId('moved-app'), key: 'their-key', masterKey: 'their-master' };
    await createApp(administration, { tenant: red, name: 'Moved', preset: 'leancloud', ...given });
    const stored = await store.app(given.id);
    expect(JSON.stringify(stored)).not.toContain('their-master');
    expect(fromStored(stored!, secrets)).toMatchObject({
      appKey: { current: 'their-key' },
      masterKey: { current: 'their-master' },
      login: { unsigned: true },
      limits: { members: 500 },
      rooms: { rejoinWindow: 1800 },
    });
  });

  it('show the master key only when asked', async () => {
    const { administration } = await installation();
    const app = await createApp(administration, { tenant: red, name: 'One' });
    expect(await showApp(administration, app.id)).not.toHaveProperty('masterKey');
    expect(await showApp(administration, app.id, true)).toMatchObject({ masterKey: app.masterKey });
    expect((await listApps(administration))[0]).not.toHaveProperty('masterKey');
  });

  it('demand a signed login unless they say otherwise', async () => {
    const { administration } = await installation();
    const app = await createApp(administration, { tenant: red, name: 'One' });
    expect(app.login.unsigned).toBe(false);
    const trial = await createApp(administration, {
      tenant: red,
      name: 'Trial',
      settings: { 'login.unsigned': true },
    });
    expect(trial.login.unsigned).toBe(true);
  });
});

describe('settings', () => {
  it('change by dotted path, of one app only, and the directory knows at once', async () => {
    const { administration, directory } = await installation();
    const one = await createApp(administration, { tenant: red, name: 'One' });
    const two = await createApp(administration, { tenant: blue, name: 'Two' });
    await directory.find(one.id);
    const view = await setApp(administration, one.id, {
      'limits.members': 50,
      name: 'Uno',
      origins: ['https://a.example'],
    });
    expect(view).toMatchObject({ name: 'Uno', limits: { members: 50 }, revision: 2 });
    expect(directory.known(one.id)).toMatchObject({
      name: 'Uno',
      limits: { members: 50 },
      origins: ['https://a.example'],
    });
    expect((await directory.find(two.id))?.limits).toEqual(defaultLimits);
  });

  it.each([
    [{ 'limit.members': 5 }, 'did you mean "limits.members"'],
    [{ 'limits.memebrs': 5 }, 'did you mean "limits.members"'],
    [{ 'limits.mebers': 5 }, 'did you mean "limits.members"'],
    [{ 'login.recall': true }, 'did you mean "messages.recall"'],
    [{ 'limits.fuel': 5 }, 'docs/reference/app-settings.md'],
    [{ 'limits.members': 'many' }, '(allowed: 2–100000 clients)'],
    [{ 'limits.members': 1e9 }, 'limits.members'],
    [{ 'login.jwtAlgorithm': 'RS256' }, 'needs login.jwtKeys'],
    [{ 'login.jwtAlgorithm': 'none' }, '(allowed: HS256 | RS256 | ES256 | EdDSA)'],
    [{ origins: ['https://a.example', ''] }, 'origins.1: Too small'],
    [{ origins: ['https://a.example', ''] }, '(allowed: list of at most 100'],
    [{ 'login.jwksUrl': 'file:///etc/passwd' }, 'login.jwksUrl'],
    [{ 'limits.bodyBytes': 1_000_000 }, 'larger than limits.frameBytes'],
    [{ '__proto__.polluted': true }, 'there is no setting'],
    [{ masterKey: 'x' }, 'there is no setting'],
  ])('refuse %j', async (changes, detail) => {
    const { administration } = await installation();
    const app = await createApp(administration, { tenant: red, name: 'One' });
    const error: AppError = await setApp(administration, app.id, changes).then(
      () => {
        throw new Error('accepted');
      },
      (thrown: AppError) => thrown,
    );
    expect(error).toEqual(failure('bad_request'));
    expect(error.detail).toContain(detail);
    expect(await showApp(administration, app.id)).toMatchObject({ revision: 1 });
  });

  it('take a public key with its algorithm and forget it again', async () => {
    const { administration } = await installation();
    const { id } = await createApp(administration, { tenant: red, name: 'One' });
    await setApp(administration, id, { 'login.jwtAlgorithm': 'ES256', 'login.jwtKeys': ['pem'] });
    const view = await setApp(administration, id, { 'login.jwtAlgorithm': 'HS256', 'login.jwtKeys': null });
    expect(view.login).not.toHaveProperty('jwtKeys');
  });

  it('survive concurrent changes', async () => {
    const { administration } = await installation();
    const { id } = await createApp(administration, { tenant: red, name: 'One' });
    await Promise.all([
      setApp(administration, id, { 'limits.page': 7 }),
      setApp(administration, id, { 'limits.mentions': 8 }),
    ]);
    expect(await showApp(administration, id)).toMatchObject({
      limits: { page: 7, mentions: 8 },
      revision: 3,
    });
  });

  it('of an older record take what is missing from its preset', async () => {
    const { administration, store, secrets } = await installation();
    const { id } = await createApp(administration, { tenant: red, name: 'One', preset: 'leancloud' });
    const stored = (await store.app(id))!;
    const settings = JSON.parse(stored.settings) as { limits: Record<string, unknown> };
    delete settings.limits['members'];
    settings.limits['gone'] = 1;
    expect(fromStored({ ...stored, settings: JSON.stringify(settings) }, secrets).limits).toMatchObject({
      members: 500,
    });
    const newer = JSON.stringify({ ...settings, version: 99 });
    expect(() => fromStored({ ...stored, settings: newer }, secrets)).toThrow(/version 99/);
  });
});

describe('keys', () => {
  it('rotate with an overlap', async () => {
    const { administration, clock, directory } = await installation();
    const app = await createApp(administration, { tenant: red, name: 'One' });
    const rotated = await rotateKey(administration, app.id, { which: 'masterKey', overlap: 60 });
    const { masterKey } = (await directory.find(app.id))!;
    expect(rotated.masterKey).toEqual(masterKey);
    expect(acceptedSecrets(masterKey, clock.time)).toEqual([masterKey.current, app.masterKey.current]);
    expect(acceptedSecrets(masterKey, clock.time + 60_000)).toEqual([masterKey.current]);
  });

  it('end at once without an overlap', async () => {
    const { administration } = await installation();
    const app = await createApp(administration, { tenant: red, name: 'One' });
    const view = await rotateKey(administration, app.id, { which: 'appKey', key: 'new', overlap: 0 });
    expect(view.appKey).toEqual({ current: 'new' });
    expect(view).not.toHaveProperty('masterKey');
  });
});

describe('the directory', () => {
  it('does not find what is unknown or switched off', async () => {
    const { administration, directory } = await installation();
    const app = await createApp(administration, { tenant: red, name: 'One' });
    expect(directory.known(asAppId('other'))).toBeUndefined();
    expect(await directory.find(asAppId('other'))).toBeUndefined();
    expect(await directory.find(app.id)).toBeDefined();
    await setApp(administration, app.id, { enabled: false });
    expect(directory.known(app.id)).toBeUndefined();
    expect(await directory.find(app.id)).toBeUndefined();
    await setApp(administration, app.id, { enabled: true });
    expect(directory.known(app.id)).toBeDefined();
  });

  it('asks the store once for many at once, and not again within the refresh time', async () => {
    const { administration, clock, store, secrets } = await installation();
    const { id } = await createApp(administration, { tenant: red, name: 'One' });
    const asked = jest.spyOn(store, 'app');
    const directory = new CachedAppDirectory({ store, secrets, now: () => clock.time, refreshAfter: 1000 });
    await Promise.all([directory.find(id), directory.find(id), directory.find(id)]);
    clock.time += 1000;
    await directory.find(id);
    directory.known(id);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('learns of a change made elsewhere, and outlives a store that fails', async () => {
    const { administration, clock, store, secrets } = await installation();
    const { id } = await createApp(administration, { tenant: red, name: 'One' });
    const failures: unknown[] = [];
    const directory = new CachedAppDirectory({
      store,
      secrets,
      now: () => clock.time,
      refreshAfter: 1000,
      onError: (error) => failures.push(error),
    });
    await directory.find(id);
    await setApp({ store, secrets, now: () => clock.time }, id, { name: 'Elsewhere' });
    expect(directory.known(id)?.name).toBe('One');
    clock.time += 1001;
    directory.known(id);
    await directory.find(id);
    await new Promise(setImmediate);
    expect(directory.known(id)?.name).toBe('Elsewhere');
    jest.spyOn(store, 'app').mockRejectedValue(new Error('down'));
    clock.time += 1001;
    expect(directory.known(id)?.name).toBe('Elsewhere');
    await new Promise(setImmediate);
    expect(failures).toHaveLength(1);
  });
});
