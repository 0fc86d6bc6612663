import { HongyanClient } from '@hongyan/sdk';
import { pause, type TestApp, TestServer, until } from './server.js';

/** What an app may no longer do ends at once, for it and for nobody else, at the doors of a real server. */

jest.setTimeout(60_000);

let server: TestServer;
const clients: HongyanClient[] = [];
beforeAll(async () => {
  server = await TestServer.start();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(() => server.close());

async function login(app: TestApp, clientId: string) {
  const client = new HongyanClient({ url: server.url, appId: app.id, credentials: { clientId } });
  const ended: string[] = [];
  client.on('closed', (error) => ended.push(error.name));
  clients.push(client);
  await client.connect();
  return { client, ended };
}

const online = async (app: TestApp) =>
  ((await server.admin(`apps/${app.id}/online`, {})).body as { count: number }).count;

it('closes the sessions of an app that is switched off, and lets them in when it is on again', async () => {
  const [app, other] = [await server.createApp(), await server.createApp()];
  const sessions = await Promise.all(['ann', 'bob', 'cid'].map((id) => login(app, id)));
  const neighbour = await login(other, 'ann');
  await server.setApp(app, { enabled: false });
  await until(() => sessions.every(({ ended }) => ended[0] === 'app_unavailable'), 'sessions are closed');
  await until(async () => (await online(app)) === 0, 'nobody is online');
  await expect(login(app, 'dan')).rejects.toMatchObject({ name: 'unsigned_login_forbidden' });
  expect((await server.rest(app, 'GET', '/conversations')).status).toBe(401);
  await pause(1_000); // long enough for one that would come back by itself
  expect(await online(app)).toBe(0);
  expect(neighbour.ended).toEqual([]);
  expect(await online(other)).toBe(1);
  await server.setApp(app, { enabled: true });
  await login(app, 'ann');
});

it('closes the latest sessions beyond a limit that is lowered', async () => {
  const app = await server.createApp();
  await login(app, 'ann');
  for (const id of ['bob', 'cid', 'dan']) await login(app, id);
  await server.setApp(app, { 'limits.connections': 1 });
  await until(async () => (await online(app)) === 1, 'one is left');
  const { clients: left } = (await server.admin(`apps/${app.id}/online`, {})).body as { clients: string[] };
  expect(left).toEqual(['ann']);
});
