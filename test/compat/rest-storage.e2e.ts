import * as AV from 'leancloud-storage';
import { appKey, type CompatApp, type CompatServer, masterKey, startCompatServer } from './compat-server.js';
import { closeDevices, device, eventually } from './devices.js';

/** The unmodified `leancloud-storage` package on a tenant's server, and clients of the realtime SDK that see what it does. */

let server: CompatServer;
let app: CompatApp;

/** What the package has, and its types do not tell. */
interface ServerConversation extends AV.Object {
  getMembers(): string[];
  getCreator(): string | undefined;
  getLastMessageAt(): Date | undefined;
  isSystem(): boolean | undefined;
  isTransient(): boolean | undefined;
  addMember(id: string): void;
  send(from: string, message: unknown, options?: object, auth?: object): Promise<object>;
  broadcast(from: string, message: unknown, options?: object, auth?: object): Promise<object>;
}
const Conversation = (
  AV as unknown as { Conversation: new (name: string, options?: object) => ServerConversation }
).Conversation;
const query = () => new AV.Query<ServerConversation>('_Conversation');
const master = { useMasterKey: true };

const init = (key: string) => AV.init({ appId: app.id, appKey, masterKey: key, serverURL: server.url });

beforeAll(async () => {
  server = await startCompatServer();
  app = await server.app();
  init(masterKey);
});
beforeEach(() => AV.Cloud.useMasterKey());
afterEach(closeDevices);
afterAll(() => server.stop());

type Text = { text: string; from: string; content?: string };

describe('a server with the storage package', () => {
  it('saves, fetches and destroys several at once', async () => {
    const made = ['red', 'green', 'blue'].map((colour) => {
      const one = new Conversation(colour);
      one.set('m', ['tom', colour]);
      return one;
    });
    await AV.Object.saveAll(made);
    expect(new Set(made.map(({ id }) => id)).size).toBe(3);
    const copies = await query()
      .containedIn(
        'objectId',
        made.map(({ id }) => id!),
      )
      .find();
    for (const one of made) one.set('attr', { at: one.id });
    await AV.Object.saveAll(made);
    await AV.Object.fetchAll(copies);
    expect(copies).toHaveLength(3);
    for (const copy of copies) expect(copy.get('attr')).toEqual({ at: copy.id });
    await AV.Object.destroyAll(made);
    await expect(AV.Object.fetchAll(copies)).rejects.toThrow('not found');
  });

  it('makes a conversation that its members see, and changes it', async () => {
    const { login } = device(server, app);
    const tom = await login('tom');
    const changed: unknown[] = [];
    tom.on('conversationinfoupdated' as never, (event: unknown) => changed.push(event));
    const made = new Conversation('Group');
    made.set('m', ['tom', 'jerry']);
    made.set('attr', { level: 3 });
    made.set('colour', 'red');
    await made.save();
    expect(made.id).toMatch(/^[0-9a-f]{24}$/);
    const seen = await tom.getConversation(made.id!);
    expect([seen.name, [...seen.members].sort(), seen.get('colour')]).toEqual([
      'Group',
      ['jerry', 'tom'],
      'red',
    ]);
    made.set('name', 'Crew');
    made.addUnique('m', 'spike');
    await made.save();
    await made.fetch();
    expect([made.get('name'), made.getMembers().sort()]).toEqual(['Crew', ['jerry', 'spike', 'tom']]);
    made.remove('m', 'spike');
    await made.save();
    await eventually(() => expect(seen.members).not.toContain('spike'));
    await eventually(() => expect(changed.length).toBeGreaterThan(0));
  });

  it('finds, counts and deletes conversations', async () => {
    for (const level of [1, 2, 3]) {
      const one = new Conversation(`found ${level}`);
      one.set('m', ['tom']);
      one.set('rank', level);
      await one.save();
    }
    const found = await query().greaterThan('rank', 1).ascending('rank').find();
    expect(found.map((one) => one.get('name') as string)).toEqual(['found 2', 'found 3']);
    expect(await query().greaterThan('rank', 1).count()).toBe(2);
    expect(await query().containedIn('rank', [1, 3]).count()).toBe(2);
    expect(
      (
        await query().equalTo('m', 'tom').startsWith('name', 'found').descending('rank').limit(1).find()
      )[0]!.get('rank'),
    ).toBe(3);
    const first = await query().get(found[0]!.id!);
    expect(first.get('rank')).toBe(2);
    await first.destroy();
    await expect(query().get(first.id!)).rejects.toMatchObject({ code: 101 });
    await expect(query().equalTo('rank', 2).first()).resolves.toBeUndefined();
  });

  it('sends messages that clients get as typed ones', async () => {
    const { login, sdk } = device(server, app);
    const tom = await login('tom-sent');
    const got: Text[] = [];
    tom.on(sdk.Event.MESSAGE, (message) => got.push(message as unknown as Text));
    const made = new Conversation('Sent');
    made.set('m', ['tom-sent', 'jerry']);
    await made.save();
    await made.send('jerry', { _lctype: -1, _lctext: 'hi' });
    await made.send('jerry', new sdk.TextMessage('typed'));
    await made.send('jerry', 'now only', { transient: true });
    await eventually(() => expect(got).toHaveLength(3));
    expect(got.slice(0, 2).map(({ text, from }) => [text, from])).toEqual([
      ['hi', 'jerry'],
      ['typed', 'jerry'],
    ]);
    const conversation = await tom.getConversation(made.id!);
    expect(await conversation.queryMessages({})).toHaveLength(2);
    await made.fetch();
    expect(made.getLastMessageAt()).toBeInstanceOf(Date);
  });

  it('has rooms, and services that write to some clients', async () => {
    const room = new Conversation('Lobby', { isTransient: true });
    await room.save();
    await room.fetch();
    expect(room.isTransient()).toBe(true);
    const service = new Conversation('News', { isSystem: true });
    await service.save();
    await service.fetch();
    expect(service.isSystem()).toBe(true);
    const { login, sdk } = device(server, app);
    const [tom, jerry] = [await login('tom-news'), await login('jerry-news')];
    const got: string[] = [];
    for (const client of [tom, jerry])
      client.on(sdk.Event.MESSAGE, (message) =>
        got.push(`${client.id}: ${(message as unknown as Text).text}`),
      );
    await service.send('editor', { _lctype: -1, _lctext: 'for Tom' }, { toClients: ['tom-news'] });
    await eventually(() => expect(got).toEqual(['tom-news: for Tom']));
  });

  it('broadcasts to all clients through a service for everyone', async () => {
    const { conversation } = await server.rest(app, 'POST', 'api/v1/conversations', {
      kind: 'system',
      audience: 'everyone',
      name: 'All',
    });
    const { login, sdk } = device(server, app);
    const tom = await login('tom-all');
    const got: string[] = [];
    tom.on(sdk.Event.MESSAGE, (message) => got.push((message as unknown as Text).text));
    const service = await query().get((conversation as { id: string }).id);
    await service.broadcast('ops', { _lctype: -1, _lctext: 'to all' });
    await eventually(() => expect(got).toEqual(['to all']));
  });

  it('is refused without the master key, and told why', async () => {
    const made = new Conversation('Kept');
    await made.save();
    await expect(made.send('tom', 'x', {}, { useMasterKey: false })).rejects.toMatchObject({ code: 403 });
    await expect(query().find({ useMasterKey: false })).rejects.toMatchObject({ code: 403 });
    await expect(made.send('tom', 'x'.repeat(6_000), {}, master)).rejects.toMatchObject({ code: 413 });
    // It warns of being made anew; that is what is wanted here.
    jest.spyOn(console, 'warn').mockImplementation();
    init('wrong');
    await expect(made.send('tom', 'x', {}, master)).rejects.toMatchObject({ code: 401 });
    init(masterKey);
    jest.restoreAllMocks();
    await expect(made.send('tom', 'y', {}, master)).resolves.toBeDefined();
  });
});
