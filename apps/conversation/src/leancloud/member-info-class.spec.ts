import { asApp, asMaster, type Door, openDoor } from './door.contract.js';

let door: Door;
beforeEach(async () => (door = await openDoor()));
afterEach(async () => {
  await door.close();
  expect(door.reported).toEqual([]);
});

const classes = '/1.1/classes/_ConversationMemberInfo';
const scan = '/1.1/scan/classes/_ConversationMemberInfo';
type Row = { objectId: string; cid: string; clientId: string; role: string };
type Page = { results: Row[]; count?: number; cursor?: string };

async function talk(managers: string[]): Promise<void> {
  const m = ['ann', ...managers];
  const id = String((await door.ok('post', '/1.2/rtm/conversations', { m, c: 'ann' }))['objectId']);
  ids.push(id);
  for (const clientId of managers)
    await door.ok('post', `/1.2/rtm/conversations/${id}/member-infos`, { clientId, role: 'Manager' });
}
let ids: string[];

describe('the class _ConversationMemberInfo', () => {
  beforeEach(async () => {
    ids = [];
    await talk(['bob', 'cid']);
    await talk([]);
    await talk(Array.from({ length: 14 }, (_, at) => `m${String(at).padStart(2, '0')}`));
  });

  it('lists and counts who has a role anywhere, for the master key', async () => {
    const all = await door.ok<Page>('get', classes, { count: 1 });
    expect(all.count).toBe(16);
    expect(all.results).toHaveLength(16);
    expect(all.results.map(({ role }) => role)).toEqual(Array(16).fill('Manager'));
    const first = all.results.find(({ cid }) => cid === ids[0]);
    expect(first).toEqual({ objectId: `${ids[0]}!bob`, cid: ids[0], clientId: 'bob', role: 'Manager' });
    expect(await door.ok('get', classes, { count: 1, limit: 0 })).toEqual({ results: [], count: 16 });
    const own = await door.ok<Page>('get', classes, { where: JSON.stringify({ cid: ids[0] }), skip: 1 });
    expect(own.results.map(({ clientId }) => clientId)).toEqual(['cid']);
    expect(await door.refusal('get', classes, {}, asApp())).toBe('403 403');
    expect(await door.ok('get', classes, { count: 1 }, asMaster('blue'))).toEqual({
      results: [],
      count: 0,
    });
  });

  it('is scanned by cursor and by object id, each row once and in order', async () => {
    const { results: all } = await door.ok<Page>('get', classes, {});
    const byCursor: Row[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await door.ok<Page>('get', scan, { limit: 5, ...(cursor && { cursor }) });
      byCursor.push(...page.results);
      if (page.cursor === undefined) break;
      cursor = page.cursor;
    }
    expect(byCursor).toEqual(all);
    const objectIds = all.map(({ objectId }) => objectId);
    expect(objectIds).toEqual([...objectIds].sort());
    for (const at of [0, 1, 7, 15]) {
      const where = JSON.stringify({ objectId: { $gt: objectIds[at] } });
      expect((await door.ok<Page>('get', scan, { where, limit: 100 })).results).toEqual(all.slice(at + 1));
    }
  });

  it('is scanned in pages that end early in an app that is too large for a call, and is not counted then', async () => {
    for (let more = 0; more < 12; more += 1) await talk([]);
    await talk(['zoe']);
    const { results: all } = await door.ok<Page>('get', classes, {});
    let time = Date.now();
    Object.defineProperty(door.clock, 'time', { get: () => (time += 7_000) });
    expect(await door.refusal('get', classes, { count: 1 })).toBe('400 4300');
    const found: Row[] = [];
    const lengths: number[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await door.ok<Page>('get', scan, { ...(cursor && { cursor }) });
      found.push(...page.results);
      lengths.push(page.results.length);
      if (page.cursor === undefined) break;
      cursor = page.cursor;
    }
    expect(found).toEqual(all);
    expect(lengths).toContain(0);
    expect(lengths.length).toBeGreaterThan(4);
  });

  it('has an owner who is not the creator', async () => {
    const path = `/1.2/rtm/conversations/${ids[0]}`;
    await door.ok('post', `${path}/member-infos`, { clientId: 'bob', role: 'Owner' });
    const { results } = await door.ok<Page>('get', classes, { where: JSON.stringify({ cid: ids[0] }) });
    expect(results.map(({ clientId, role }) => `${clientId} ${role}`)).toContain('bob Owner');
  });
});
