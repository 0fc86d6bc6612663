import { asApp, type Door, openDoor } from './door.contract.js';

/** Conversations that a client refuses to be added to. */

let door: Door;
beforeEach(async () => (door = await openDoor()));
afterEach(async () => {
  await door.close();
  expect(door.reported).toEqual([]);
});

const rtm = '/1.2/rtm';
const refused = `${rtm}/clients/bob/blacklists`;
const made = async (family: string, given: object = {}): Promise<string> =>
  String((await door.ok('post', `${rtm}/${family}`, given))['objectId']);
const membersOf = (conversation: string) => `${rtm}/conversations/${conversation}/members`;

it('are left, listed in pages, and not added to until that is lifted', async () => {
  const [one, two] = [
    await made('conversations', { m: ['ann', 'bob'], c: 'ann' }),
    await made('conversations', { m: ['bob'] }),
  ].sort() as [string, string];
  for (const conv_id of [one, two, one]) expect(await door.ok('post', refused, { conv_id })).toEqual({});
  expect(await door.ok('get', refused)).toEqual({ conv_ids: [one, two], next: '' });
  const first = await door.ok('get', refused, { limit: 1 });
  expect(first['conv_ids']).toEqual([one]);
  expect(await door.ok('get', refused, { limit: 1, next: first['next'] })).toEqual({
    conv_ids: [two],
    next: '',
  });
  const members = membersOf(one);
  expect((await door.ok('get', members))['result']).not.toContain('bob');
  expect(await door.refusal('post', members, { client_ids: ['bob'] })).toBe('403 4548');
  expect(await door.ok('post', members, { client_ids: ['bob', 'cid'] })).toMatchObject({
    failed: [{ client: 'bob', code: 1305, reason: 'blocked' }],
  });
  expect(await door.ok('delete', refused, { conv_id: one })).toEqual({});
  await door.ok('post', members, { client_ids: ['bob'] });
  expect((await door.ok('get', members))['result']).toContain('bob');
  expect(await door.ok('get', `${rtm}/clients/ann/blacklists`)).toEqual({ conv_ids: [], next: '' });
});

it('are services, too, but no chat rooms, to which nobody is added', async () => {
  const service = await made('service-conversations');
  await door.ok('post', refused, { conv_id: service });
  const subscribers = `${rtm}/service-conversations/${service}/subscribers`;
  expect(await door.refusal('post', subscribers, { client_id: 'bob' })).toBe('403 4548');
  expect(await door.refusal('post', refused, { conv_id: await made('chatrooms') })).toMatch(/ 4308$/);
});

it('are of the app only, at most so many, and the master key’s affair', async () => {
  for (let n = 0; n < 3; n += 1)
    await door.ok('post', refused, { conv_id: await made('conversations', { m: ['bob'] }) });
  const conv_id = await made('conversations', { m: ['bob'] });
  expect(await door.refusal('post', refused, { conv_id })).toMatch(/ 4543$/);
  expect((await door.ok('get', membersOf(conv_id)))['result']).toEqual(['bob']);
  expect(await door.refusal('post', refused, { conv_id: 'nowhere' })).toBe('404 4303');
  expect(await door.refusal('post', refused, {})).toBe('400 1');
  expect(await door.refusal('get', refused, {}, asApp())).toMatch(/^40[13] /);
});
