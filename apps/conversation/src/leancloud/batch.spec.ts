import { asApp, asMaster, type Door, openDoor } from './door.contract.js';

let door: Door;
beforeEach(async () => (door = await openDoor()));
afterEach(async () => {
  await door.close();
  expect(door.reported).toEqual([]);
});

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: object | undefined;
  readonly params?: object | undefined;
}
type Answer = { success?: Record<string, unknown>; error?: { code: number; error: string } };
const batch = (requests: readonly Asked[], headers = asMaster()) =>
  door.ok<Answer[]>('post', '/1.1/batch', { requests }, headers);
const classes = '/1.1/classes/_Conversation';
const make = (name: string): Asked => ({ method: 'POST', path: classes, body: { name, m: ['ann', name] } });

describe('several requests in one', () => {
  it('are answered in order, each for itself', async () => {
    const [red, blue] = await batch([make('red'), make('blue')]);
    const ids = [red, blue].map((answer) => String(answer!.success!['objectId']));
    const answers = await batch([
      { method: 'PUT', path: `${classes}/${ids[0]}`, body: { name: 'RED' }, params: { fetchWhenSave: true } },
      { method: 'GET', path: `${classes}/nobody` },
      { method: 'GET', path: `${classes}?where=${encodeURIComponent('{"name":"RED"}')}&limit=1` },
      {
        method: 'POST',
        path: `/1.2/rtm/conversations/${ids[1]}/messages`,
        body: { from_client: 'ann', message: 'hi' },
      },
      { method: 'POST', path: `/1.2/rtm/conversations/${ids[1]}/messages`, body: { from_client: 'ann' } },
      { method: 'POST', path: '/1.1/batch', body: { requests: [] } },
      { method: 'GET', path: '/1.1/users' },
      { method: 'DELETE', path: `${classes}/${ids.join(',')}` },
    ]);
    expect(answers).toEqual([
      { success: expect.objectContaining({ name: 'RED' }) as unknown },
      { error: { code: 101, error: 'Object not found.' } },
      { success: { results: [expect.objectContaining({ objectId: ids[0] })] } },
      { success: expect.objectContaining({ 'msg-id': expect.any(String) as string }) as unknown },
      { error: { code: 1, error: expect.stringContaining('message') as string } },
      { error: { code: 1, error: 'There is no such endpoint here.' } },
      { error: { code: 1, error: 'There is no such endpoint here.' } },
      { success: {} },
    ]);
    expect(await door.ok('get', classes, { count: 1 })).toMatchObject({ count: 0 });
  });

  it('happen once when the batch is sent again with its key', async () => {
    const headers = { ...asMaster(), 'Idempotency-Key': 'again-and-again' };
    const once = await batch([make('red')]);
    const id = String(once[0]!.success!['objectId']);
    const say: Asked = {
      method: 'POST',
      path: `/1.2/rtm/conversations/${id}/messages`,
      body: { from_client: 'ann', message: 'hello' },
    };
    const first = await batch([say, say], headers);
    expect(await batch([say, say], headers)).toEqual(first);
    expect(await door.ok('get', `/1.2/rtm/conversations/${id}/messages`)).toHaveLength(2);
    const long = { ...asMaster(), 'Idempotency-Key': 'k'.repeat(61) };
    expect(await door.refusal('post', '/1.1/batch', { requests: [say] }, long)).toBe('400 1');
  });

  it('show what the key may, are as many as may be, and count for the rate', async () => {
    expect(await batch([make('red')], asApp())).toEqual([
      { error: { code: 403, error: 'The master key is needed.' } },
    ]);
    const many = { requests: Array.from({ length: 101 }, () => make('red')) };
    expect(await door.refusal('post', '/1.1/batch', many)).toBe('400 1');
    const answers = await batch(
      Array.from({ length: 20 }, () => make('red')),
      asMaster('slow'),
    );
    const refused = answers.filter(({ error }) => error?.code === 429);
    expect(refused.length).toBeGreaterThan(10);
    expect(answers.length - refused.length).toBeGreaterThan(0);
  });
});
