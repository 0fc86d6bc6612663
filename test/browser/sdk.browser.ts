import { resolve } from 'node:path';
import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';
import { type Conversation, HongyanClient } from '@hongyan/sdk';
import { launchOptions } from './chat-windows.js';
import { FrailNetwork } from './frail-network.js';
import { SampleServer } from './sample-server.js';
import { until } from './until.js';

jest.setTimeout(60_000);

const bundle = resolve(__dirname, '../../sdk/js/dist/hongyan.iife.js');

/** What runs in the page. */
declare const Hongyan: { HongyanClient: typeof HongyanClient; IndexedDBStorage: new (name: string) => never };
declare const window: {
  client: HongyanClient;
  told: string[];
  states: string[];
  synced: boolean;
  slept: number;
  navigator: { onLine: boolean };
  addEventListener(type: string, listener: () => void): void;
};

/** Pages that no network brought may not talk to this machine otherwise. */
const args = [...launchOptions.args, '--disable-features=LocalNetworkAccessChecks'];

let server: SampleServer;
let browser: Browser;
let network: FrailNetwork;
const contexts: BrowserContext[] = [];
const others: HongyanClient[] = [];

beforeAll(async () => {
  [server, browser] = await Promise.all([SampleServer.start(), chromium.launch({ ...launchOptions, args })]);
});

beforeEach(async () => {
  network = await FrailNetwork.before(server.url);
});

afterEach(async () => {
  await Promise.all(others.splice(0).map((client) => client.close()));
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  network.close();
});

afterAll(async () => {
  await browser?.close();
  await server?.remove();
});

/** A page of the server's origin with the bundle of the SDK, and nothing else. It can be loaded without a network, too. */
async function open(): Promise<Page> {
  const context = await browser.newContext();
  contexts.push(context);
  await context.route(`${network.url}/app/*`, (route) =>
    route.request().url().endsWith('.js')
      ? route.fulfill({ path: bundle, contentType: 'text/javascript' })
      : route.fulfill({ body: '<script src="sdk.js"></script>', contentType: 'text/html' }),
  );
  await context.addInitScript(() => {
    // A machine that slept finds another time, while its timers go on where they were.
    const { now } = Date;
    window.slept = 0;
    Date.now = () => now() + window.slept;
  });
  const page = await context.newPage();
  await page.goto(`${network.url}/app/`);
  return page;
}

/** The app begins, as it does after every load of the page. */
async function start(page: Page, clientId: string): Promise<void> {
  await page.evaluate(
    ([url, id]) => {
      const client = new Hongyan.HongyanClient({
        url: url as string,
        appId: 'demo',
        credentials: { clientId: id as string },
        storage: new Hongyan.IndexedDBStorage('app'),
        attemptTimeoutMs: 3_000,
      });
      Object.assign(window, { client, told: [], states: [], synced: false });
      client.on('message', ({ message }) => window.told.push(message.body));
      client.on('state', (state) => window.states.push(state));
      client.on('synced', () => (window.synced = true));
      client.connect().catch(() => undefined);
    },
    [network.url, clientId],
  );
}

const reload = async (page: Page, clientId: string): Promise<void> => {
  await page.reload();
  await start(page, clientId);
};

const stateOf = (page: Page): Promise<string> => page.evaluate(() => window.client.state);
const toldTo = (page: Page): Promise<string[]> => page.evaluate(() => window.told);
const waitingIn = (page: Page): Promise<string[]> =>
  page.evaluate(() => window.client.pending.map(({ body }) => body));
/** It has its list: what comes from now on is news to it. */
const hasList = (page: Page): Promise<void> =>
  until('the page has its list', () => page.evaluate(() => window.synced));

const say = (page: Page, conversation: string, ...texts: string[]): Promise<void> =>
  page.evaluate(
    ([id, ...bodies]) => {
      for (const body of bodies) window.client.conversations.of(id as string).send(body);
    },
    [conversation, ...texts],
  );

/** The values under keys of this kind, as another run of the app would find them. */
const kept = (page: Page, prefix: string): Promise<string[]> =>
  page.evaluate(async (begin) => {
    const storage = new Hongyan.IndexedDBStorage('app') as { load(): Promise<Iterable<[string, string]>> };
    return [...(await storage.load())].flatMap(([key, value]) => (key.startsWith(begin) ? [value] : []));
  }, prefix);

/** Somebody without a page, in a conversation with `other`. */
async function somebody(clientId: string, other: string): Promise<Conversation> {
  const client = new HongyanClient({ url: server.url, appId: 'demo', credentials: { clientId } });
  others.push(client);
  await client.connect();
  return client.conversations.create({ members: [other], unique: true });
}

const textsOf = async (conversation: Conversation): Promise<string[]> =>
  (await conversation.history({ limit: 100 })).messages.map(({ body }) => body);

describe('IndexedDB', () => {
  it('keeps what is unsent over reloads of the page, in order, each once', async () => {
    const conversation = await somebody('bob1', 'ann1');
    const page = await open();
    await start(page, 'ann1');
    await hasList(page);
    await server.kill();
    await until('the page noticed', async () => (await stateOf(page)) !== 'online');
    await say(page, conversation.id, 'a', 'b', 'c');
    await until('it is kept', async () => (await kept(page, 'q/')).length === 3);

    await reload(page, 'ann1');
    await until('it is there again', async () => (await waitingIn(page)).join() === 'a,b,c');
    await say(page, conversation.id, 'd');
    await until('it is kept', async () => (await kept(page, 'q/')).length === 4);
    await reload(page, 'ann1');
    await server.start();
    await until('all is sent', async () => (await waitingIn(page)).length === 0);
    expect(await textsOf(conversation)).toEqual(['a', 'b', 'c', 'd']);
    await until('nothing is kept of it', async () => (await kept(page, 'q/')).length === 0);
    expect(await toldTo(page)).toEqual([]); // one's own are no news
  });

  it('stores a message once whose acknowledgement the page did not live to see', async () => {
    const conversation = await somebody('bob2', 'ann2');
    const page = await open();
    await start(page, 'ann2');
    await hasList(page);
    network.loseAnswers();
    await say(page, conversation.id, 'once');
    await until('the server has it', () => conversation.lastMessage?.body === 'once');
    expect(await waitingIn(page)).toEqual(['once']);
    await reload(page, 'ann2');
    await until('it is acknowledged', async () => (await waitingIn(page)).length === 0);
    expect(await textsOf(conversation)).toEqual(['once']);
  });

  it('tells nothing twice after a reload, and everything that was missed', async () => {
    const conversation = await somebody('bob3', 'ann3');
    const page = await open();
    await start(page, 'ann3');
    await hasList(page);
    for (const text of ['1', '2']) await conversation.send(text);
    await until('both are told', async () => (await toldTo(page)).join() === '1,2');
    const seq = String(conversation.seq);
    await until('so is noted', async () => (await kept(page, 'k/')).includes(seq));
    await page.goto('about:blank');
    for (const text of ['3', '4', '5']) await conversation.send(text);
    await page.goto(`${network.url}/app/`);
    await start(page, 'ann3');
    await until('the others are told', async () => (await toldTo(page)).length >= 3);
    await conversation.send('6');
    await until('the next one is told', async () => (await toldTo(page)).includes('6'));
    expect(await toldTo(page)).toEqual(['3', '4', '5', '6']);
    expect(await page.evaluate((id) => window.client.conversations.of(id).unread, conversation.id)).toBe(6);
  });
});

describe('a network', () => {
  it('that goes is noticed when the browser says so, and its return at once', async () => {
    const conversation = await somebody('bob4', 'ann4');
    const page = await open();
    await start(page, 'ann4');
    await hasList(page);
    network.die();
    network.swallowing = true;
    await page.context().setOffline(true);
    expect(await page.evaluate(() => window.navigator.onLine)).toBe(false);
    // Without the event the heartbeat would tell, after 25 seconds at the earliest.
    await until('the page noticed', async () => (await stateOf(page)) !== 'online', 8_000);
    await say(page, conversation.id, 'from the tunnel');
    await conversation.send('into the tunnel');

    network.swallowing = false;
    await page.evaluate(() => {
      window.states.length = 0;
      window.addEventListener('online', () => window.states.push('the network is there'));
    });
    await page.context().setOffline(false);
    await until('the page is back', async () => (await stateOf(page)) === 'online', 2_000);
    await until('it has what it missed', async () => (await toldTo(page)).join() === 'into the tunnel');
    await until('it is sent', () => conversation.lastMessage?.body === 'from the tunnel');
    expect(await page.evaluate(() => window.states)).toContain('connecting');
  });

  it('that came back while an attempt hung on the old one is tried anew', async () => {
    await somebody('bob5', 'ann5');
    network.swallowing = true;
    const page = await open();
    await start(page, 'ann5');
    await until('it tries', async () => (await stateOf(page)) === 'connecting');
    await page.context().setOffline(true);
    await new Promise((go) => setTimeout(go, 3_500));
    network.swallowing = false;
    await page.context().setOffline(false);
    await until('the page is online', async () => (await stateOf(page)) === 'online', 4_000); // not after 15 s
  });
});

describe('a machine that slept', () => {
  it('finds its connection dead within seconds, and catches up', async () => {
    const conversation = await somebody('bob6', 'ann6');
    const page = await open();
    await start(page, 'ann6');
    await hasList(page);
    network.die();
    await conversation.send('good morning');
    await page.evaluate(() => (window.slept = 8 * 3_600_000));
    await until('it is told', async () => (await toldTo(page)).join() === 'good morning', 15_000);
    expect(await stateOf(page)).toBe('online');
  });

  it('with a connection that is well goes on', async () => {
    const conversation = await somebody('bob7', 'ann7');
    const page = await open();
    await start(page, 'ann7');
    await hasList(page);
    await page.evaluate(() => (window.slept = 3_600_000));
    await new Promise((go) => setTimeout(go, 6_000)); // longer than the SDK's look at the clock
    await conversation.send('still there?');
    await until('it is told', async () => (await toldTo(page)).join() === 'still there?', 5_000);
    await say(page, conversation.id, 'yes');
    await until('it is sent', () => conversation.lastMessage?.body === 'yes', 5_000);
    const serverTime = await page.evaluate(() => window.client.serverTime);
    expect(Math.abs(serverTime - Date.now())).toBeLessThan(2_000);
  });
});
