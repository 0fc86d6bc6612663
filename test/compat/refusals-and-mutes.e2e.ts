import { type CompatApp, type CompatServer, startCompatServer } from './compat-server.js';
import { closeDevices, type Conversation, device, eventually, next, record } from './devices.js';

/** A client that will not be added again, by the app's server; and who muted, as these clients see it. */

let server: CompatServer;
let app: CompatApp;

beforeAll(async () => {
  // The SDK warns that it asks for the same conversation twice at once.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  server = await startCompatServer();
  app = await server.app();
});
afterEach(closeDevices);
afterAll(() => server.stop());

const rest = (method: string, path: string, body?: object) => server.leanCloudRest(app, method, path, body);

const loginAll = (...names: string[]) =>
  Promise.all(
    names.map(async (name) => {
      const made = device(server, app);
      return { name, sdk: made.sdk, client: await made.login(name) };
    }),
  );

it('a client that refuses a conversation is out, and others are added without it', async () => {
  const [tom, jerry] = await loginAll('tom', 'jerry');
  const talk = (await tom!.client.createConversation({ members: ['jerry'], name: 'talk' })) as Conversation;
  await jerry!.client.getConversation(talk.id);
  const { Event } = tom!.sdk;
  const left = next(tom!.client, Event.MEMBERS_LEFT);
  const heard = record(jerry!.client, { [Event.KICKED]: () => '', [Event.INVITED]: () => '' });
  const list = '1.2/rtm/clients/jerry/blacklists';
  expect(await rest('POST', list, { conv_id: talk.id })).toEqual({});
  expect(((await left) as unknown as [{ members: string[] }])[0].members).toEqual(['jerry']);
  await eventually(() => expect(talk.members).toEqual(['tom']));
  expect(await rest('GET', list)).toEqual({ conv_ids: [talk.id], next: '' });

  expect(await talk.add(['jerry', 'spike'])).toMatchObject({
    successfulClientIds: ['spike'],
    failures: [{ clientIds: ['jerry'], code: 4548 }],
  });
  await talk.fetch();
  expect([...talk.members].sort()).toEqual(['spike', 'tom']);
  expect(heard.filter((one) => one.startsWith(Event.INVITED))).toEqual([]);

  expect(await rest('DELETE', list, { conv_id: talk.id })).toEqual({});
  const invited = next(jerry!.client, Event.INVITED);
  expect(await talk.add(['jerry'])).toMatchObject({ successfulClientIds: ['jerry'] });
  await invited;
});

it('comes back by itself, and may be added again from then on', async () => {
  const [tom, jerry] = await loginAll('tom', 'jerry');
  const talk = (await tom!.client.createConversation({ members: ['jerry'], name: 'again' })) as Conversation;
  const theirs = (await jerry!.client.getConversation(talk.id)) as Conversation;
  await rest('POST', '1.2/rtm/clients/jerry/blacklists', { conv_id: talk.id });
  await theirs.join();
  await talk.remove(['jerry']);
  expect(await talk.add(['jerry'])).toMatchObject({ successfulClientIds: ['jerry'] });
});

it('who muted is known to every member that asks', async () => {
  const [tom, jerry] = await loginAll('tom', 'jerry');
  const talk = (await tom!.client.createConversation({ members: ['jerry'], name: 'quiet' })) as Conversation;
  const theirs = (await jerry!.client.getConversation(talk.id)) as Conversation;
  const muted = (conversation: Conversation) =>
    (conversation as unknown as { mutedMembers?: string[] }).mutedMembers;
  await theirs.mute();
  await talk.fetch();
  expect(muted(talk)).toEqual(['jerry']);
  expect(talk.muted).toBe(false);
  const found = (await tom!.client.getQuery().equalTo('name', 'quiet').find()) as Conversation[];
  expect(found.map(muted)).toEqual([['jerry']]);
  await talk.mute();
  await theirs.fetch();
  expect([...muted(theirs)!].sort()).toEqual(['jerry', 'tom']);
  await theirs.unmute();
  await talk.fetch();
  expect(muted(talk)).toEqual(['tom']);
});
