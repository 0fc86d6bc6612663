import {
  appKeyOf,
  asApp,
  asMaster,
  type Door,
  type Headers,
  masterKeyOf,
  openDoor,
  signed,
} from './door.contract.js';
import { leanCloudRoutes } from './routes.js';
import type { LeanCloudRoute } from './route.js';

let door: Door;
beforeAll(async () => (door = await openDoor()));
afterAll(async () => {
  await door.close();
  expect(door.reported).toEqual([]);
});

const six = 6 * 3_600_000;
const concrete = ({ path }: LeanCloudRoute): string => path.replace(/:\w+/g, 'none');
const statusOf = async (route: LeanCloudRoute, headers: Headers) => {
  // The rate of one app is not what is tried here.
  door.clock.time += 1_000;
  const answer = await door.send(route.method, concrete(route), {}, headers);
  const { code, error } = answer.body as { code: number; error: string };
  if (answer.status >= 300) expect([typeof code, typeof error]).toEqual(['number', 'string']);
  return answer.status;
};

const now = () => door.clock.time + 1_000;
const refused: [string, () => Headers][] = [
  ['no credential', () => ({})],
  ['an app that is not there', () => ({ 'X-LC-Id': 'none', 'X-LC-Key': `${masterKeyOf('red')},master` })],
  ['a wrong key', () => ({ 'X-LC-Id': 'red', 'X-LC-Key': 'wrong' })],
  ['a wrong master key', () => ({ 'X-LC-Id': 'red', 'X-LC-Key': 'wrong,master' })],
  ['the app key as master key', () => ({ 'X-LC-Id': 'red', 'X-LC-Key': `${appKeyOf('red')},master` })],
  ['the master key as app key', () => ({ 'X-LC-Id': 'red', 'X-LC-Key': masterKeyOf('red') })],
  ['the keys of another app', () => ({ 'X-LC-Id': 'red', 'X-LC-Key': `${masterKeyOf('blue')},master` })],
  ['a wrong digest', () => ({ 'X-LC-Id': 'red', 'X-LC-Sign': signed('wrong', now(), ',master') })],
  [
    'an old digest',
    () => ({ 'X-LC-Id': 'red', 'X-LC-Sign': signed(masterKeyOf('red'), now() - six - 5_000, ',master') }),
  ],
  [
    'a digest of the app key as master',
    () => ({ 'X-LC-Id': 'red', 'X-LC-Sign': signed(appKeyOf('red'), now(), ',master') }),
  ],
];
const masters: [string, () => Headers][] = [
  ['the master key', () => asMaster()],
  ['a digest of it', () => ({ 'X-LC-Id': 'red', 'X-LC-Sign': signed(masterKeyOf('red'), now(), ',master') })],
  [
    'older header names',
    () => ({ 'X-AVOSCloud-Application-Id': 'red', 'X-AVOSCloud-Master-Key': masterKeyOf('red') }),
  ],
];
const plain: [string, () => Headers][] = [
  ['the app key', () => asApp()],
  ['a digest of it', () => ({ 'X-LC-Id': 'red', 'X-LC-Sign': signed(appKeyOf('red'), now()) })],
];

describe.each(leanCloudRoutes.map((route) => [`${route.method} ${route.path}`, route] as const))(
  '%s',
  (_, route) => {
    it('lets nobody in without a good credential', async () => {
      for (const [what, headers] of refused)
        expect([what, await statusOf(route, headers())]).toEqual([what, 401]);
    });

    it('lets the master key in', async () => {
      for (const [what, headers] of masters)
        expect([what, [401, 403].includes(await statusOf(route, headers()))]).toEqual([what, false]);
    });

    it(`${route.access === 'master' ? 'refuses' : 'lets in'} the app key`, async () => {
      for (const [what, headers] of plain) {
        const status = await statusOf(route, headers());
        if (route.access === 'master') expect([what, status]).toEqual([what, 403]);
        else if (route.access === 'key') expect([what, [401, 403].includes(status)]).toEqual([what, false]);
        // Without a signature the app key reads no history.
        else expect([what, [400, 401, 404].includes(status)]).toEqual([what, true]);
      }
    });
  },
);

describe('the door', () => {
  it('has every method and path once', () => {
    const names = leanCloudRoutes.map(({ method, path }) => `${method} ${path.replace(/:\w+/g, ':')}`);
    expect(names).toEqual([...new Set(names)]);
  });

  it('answers what is not there in LeanCloud’s words', async () => {
    expect(await door.refusal('get', '/1.1/rtm/nothing')).toBe('404 1');
    expect(await door.refusal('post', '/1.2/rtm/nothing/x')).toBe('404 1');
  });

  it('tells any web page that it may ask', async () => {
    const asked = await door.http.options('/1.2/rtm/conversations').set('origin', 'https://a.example');
    expect(asked.status).toBe(204);
    expect(asked.headers['access-control-allow-headers']).toContain('x-lc-sign');
    const answer = await door.send('get', '/1.2/rtm/conversations', {}, {});
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([401, '*']);
  });

  it('refuses bodies that are no JSON, no object, too large or nested too deeply', async () => {
    const post = (body: string) =>
      door.http
        .post('/1.2/rtm/conversations')
        .set(asMaster())
        .set('content-type', 'application/json')
        .send(body);
    expect((await post('{"name":')).body).toMatchObject({ code: 1 });
    expect((await post('7')).body).toMatchObject({ code: 1, error: 'the body must be a JSON object' });
    const withNull = await door.http
      .get('/1.2/rtm/stats')
      .set(asMaster())
      .set('content-type', 'application/json')
      .send('null');
    expect(withNull.status).toBe(200);
    expect((await post('[1]')).body).toMatchObject({ code: 1, error: 'the body must be a JSON object' });
    const large = await post(JSON.stringify({ name: 'x'.repeat(200_000) }));
    expect([large.status, large.body]).toMatchObject([413, { code: 413 }]);
    const deep = await post(`{"attr":${'['.repeat(5_000)}${']'.repeat(5_000)}}`);
    expect([deep.status, deep.body]).toMatchObject([400, { code: 1, error: 'nested too deeply' }]);
    const where = `{"attr.a":${'['.repeat(2_000)}${']'.repeat(2_000)}}`;
    expect(await door.refusal('get', '/1.2/rtm/conversations', { where })).toBe('400 1');
  });

  it('bounds the rate of an app, together with that of our own API', async () => {
    const codes: string[] = [];
    for (let i = 0; i < 8; i += 1) {
      const answer = await door.send('get', '/1.2/rtm/stats', {}, asMaster('slow'));
      codes.push(`${answer.status} ${(answer.body as { code?: number }).code ?? ''}`);
      if (answer.status === 429) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(codes.filter((code) => code === '429 429').length).toBe(2);
  });
});
