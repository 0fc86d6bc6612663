import { type Door, openDoor } from './door.contract.js';

/** `mu`: which members of a conversation want no push. */

let door: Door;
beforeEach(async () => (door = await openDoor()));
afterEach(async () => {
  await door.close();
  expect(door.reported).toEqual([]);
});

const path = '/1.2/rtm/conversations';
type Rows = { results: Record<string, unknown>[]; count?: number };

it('stands in every row, whichever way it is asked for', async () => {
  const made = await door.ok('post', path, { name: 'one', m: ['ann', 'bob', 'cid'] });
  const id = String(made['objectId']);
  expect(made['mu']).toEqual([]);
  await door.ok('post', `${path}/${id}/mutes`, { client_ids: ['cid', 'bob'] });
  const row = { objectId: id, m: ['ann', 'bob', 'cid'], mu: ['bob', 'cid'] };
  expect((await door.ok<Rows>('get', path)).results).toMatchObject([row]);
  expect(await door.ok('get', `/1.1/classes/_Conversation/${id}`)).toMatchObject(row);
  expect((await door.ok<Rows>('get', '/1.1/scan/classes/_Conversation')).results).toMatchObject([row]);
  await door.ok('delete', `${path}/${id}/mutes`, { client_ids: ['bob'] });
  expect((await door.ok<Rows>('get', path, { keys: 'mu' })).results[0]).toMatchObject({ mu: ['cid'] });
  const { objectId: room } = await door.ok('post', '/1.2/rtm/chatrooms');
  expect(await door.ok('get', `/1.1/classes/_Conversation/${String(room)}`)).not.toHaveProperty('mu');
});

it('is right on every page, skipped or counted', async () => {
  // The door's pages have ten rows.
  for (let n = 0; n < 23; n += 1) {
    const { objectId } = await door.ok('post', path, { name: `n${n}`, number: n, m: ['ann', 'bob'] });
    if (n % 2 === 0) await door.ok('post', `${path}/${String(objectId)}/mutes`, { client_ids: ['bob'] });
  }
  const muted = async (query: object) => {
    const { results, count } = await door.ok<Rows>('get', path, { order: 'number', ...query });
    return [results.map(({ number, m, mu }) => [number, m, mu]), count];
  };
  const members = ['ann', 'bob'];
  const rows = Array.from({ length: 23 }, (_, n) => [n, members, n % 2 === 0 ? ['bob'] : []]);
  expect(await muted({})).toEqual([rows, undefined]);
  expect(await muted({ skip: 9, limit: 12 })).toEqual([rows.slice(9, 21), undefined]);
  expect(await muted({ skip: 21, limit: 9 })).toEqual([rows.slice(21), undefined]);
  expect(await muted({ skip: 5, limit: 2, count: 1 })).toEqual([rows.slice(5, 7), 23]);
  expect(await muted({ limit: 0, count: 1 })).toEqual([[], 23]);
});
