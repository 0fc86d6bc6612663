import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';
import type * as Sdk5 from 'leancloud-realtime-5';
import {
  appKey,
  type CompatApp,
  type CompatServer,
  itUnless,
  notOurs,
  startCompatServer,
} from '../compat/compat-server.js';
import { makeCertificate, trust } from '../e2e/certificates.js';
import { launchOptions } from './chat-windows.js';
import { until } from './until.js';

/** The unmodified LeanCloud SDK in a web page of another origin, as its customers' pages are. */

jest.setTimeout(60_000);

interface Told {
  readonly event: string;
  readonly text?: string;
  readonly count?: number;
}

/** What runs in the page. */
declare const AV: typeof Sdk5;
declare const window: {
  realtime: Sdk5.Realtime;
  client: Sdk5.IMClient;
  conversation: Sdk5.Conversation;
  told: Told[];
};

const bundles = {
  4: resolve(__dirname, '../../node_modules/leancloud-realtime-4/dist/realtime.browser.js'),
  5: resolve(__dirname, '../../node_modules/leancloud-realtime-5/dist/im-browser.js'),
};

/** Pages that no network brought may not talk to this machine otherwise. */
const args = [...launchOptions.args, '--disable-features=LocalNetworkAccessChecks'];
const shop = 'http://shop.example';

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ ...launchOptions, args });
});
afterAll(() => browser?.close());

describe.each([4, 5] as const)('version %i', (version) => {
  let folder: string;
  let server: CompatServer;
  let app: CompatApp;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hongyan-browser-tls-'));
    server = await startCompatServer(version === 4 ? certified(folder) : {});
    app = await server.app();
  });
  afterEach(() => Promise.all(contexts.splice(0).map((context) => context.close())));
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(id: string, options: { noBinary?: boolean } = {}): Promise<Page> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    contexts.push(context);
    await context.route(`${shop}/**`, (route) =>
      route.request().url().endsWith('.js')
        ? route.fulfill({ path: bundles[version], contentType: 'text/javascript' })
        : route.fulfill({ body: '<script src="sdk.js"></script>', contentType: 'text/html' }),
    );
    const page = await context.newPage();
    await page.goto(`${shop}/chat`);
    await page.evaluate(
      async ([id, given]) => {
        const realtime = new AV.Realtime(given as never);
        const client = await realtime.createIMClient(id as string);
        Object.assign(window, { realtime, client, told: [] });
        const { Event } = AV;
        client.on(Event.MESSAGE, (message: unknown, conversation: Sdk5.Conversation) => {
          window.conversation = conversation;
          window.told.push({ event: 'message', text: (message as { text: string }).text });
        });
        client.on(Event.UNREAD_MESSAGES_COUNT_UPDATE, (conversations: Sdk5.Conversation[]) => {
          for (const { unreadMessagesCount: count } of conversations)
            window.told.push({ event: 'unread', count: Number(count) });
        });
        for (const name of [
          'OFFLINE',
          'DISCONNECT',
          'RECONNECT',
          'MEMBER_INFO_UPDATED',
          'MESSAGE_RECALL',
        ] as const)
          client.on(Event[name], () => window.told.push({ event: name }));
      },
      [
        id,
        { appId: app.id, appKey, server: version === 4 ? new URL(server.url).host : server.url, ...options },
      ],
    );
    return page;
  }

  const told = (page: Page, event: string): Promise<Told[]> =>
    page.evaluate((name) => window.told.filter((one) => one.event === name), event);
  const heard = async (page: Page): Promise<string[]> =>
    (await told(page, 'message')).map(({ text = '' }) => text);
  const say = (page: Page, text: string): Promise<void> =>
    page.evaluate(async (what) => {
      await window.conversation.send(new AV.TextMessage(what));
    }, text);
  const shown = (page: Page): Promise<string[]> =>
    page.evaluate(async () => {
      const messages = await window.conversation.queryMessages({ limit: 100 });
      return messages.map((message) => (message as unknown as { text?: string }).text ?? 'recalled');
    });

  async function talk(names: readonly [string, string], options = {}): Promise<[Page, Page]> {
    const pages: [Page, Page] = [await open(names[0], options), await open(names[1], options)];
    await pages[0].evaluate(async (other) => {
      window.conversation = (await window.client.createConversation({
        members: [other],
        name: 'from a page',
      })) as Sdk5.Conversation;
    }, names[1]);
    await say(pages[0], 'hello');
    await until('the other page hears', async () => (await heard(pages[1])).join() === 'hello');
    return pages;
  }

  it.each([{ noBinary: false }, { noBinary: true }])(
    'talks and asks by REST across origins, with %j',
    async (options) => {
      const own = options.noBinary ? 'text' : 'binary';
      const [tom, jerry] = await talk([`tom-${own}`, `jerry-${own}`], options);
      await say(jerry, 'and you?');
      await until('the answer comes', async () => (await heard(tom)).join() === 'and you?');
      expect(await shown(tom)).toEqual(['hello', 'and you?']);
      expect((await told(jerry, 'unread')).at(-1)).toMatchObject({ count: 1 });
      await jerry.evaluate(() => window.conversation.read());
      await until('nothing is unread', async () => (await told(jerry, 'unread')).at(-1)?.count === 0);

      // Roles are asked for by REST: the page's origin is another, with headers that a browser asks leave for.
      await tom.evaluate(
        (id) => window.conversation.updateMemberRole(id, AV.ConversationMemberRole.MANAGER),
        `jerry-${own}`,
      );
      const roles = await tom.evaluate(async () => {
        const infos = await window.conversation.getAllMemberInfo({ noCache: true });
        return infos.map((info) => (info as unknown as { role: string }).role);
      });
      expect(roles.sort()).toEqual(['Manager', 'Owner']);
      await until('the other is told', async () => (await told(jerry, 'MEMBER_INFO_UPDATED')).length > 0);
    },
  );

  for (const signal of ['SIGTERM', 'SIGKILL'] as const)
    itUnless(notOurs, `comes back by itself after the server was ended by ${signal}`, async () => {
      const [tom, jerry] = await talk([`tom-${signal}`, `jerry-${signal}`]);
      const failures: string[] = [];
      for (const page of [tom, jerry]) page.on('pageerror', ({ message }) => failures.push(message));
      await server.restart(signal);
      for (const page of [tom, jerry])
        await until('the page is back', async () => (await told(page, 'RECONNECT')).length > 0);
      await say(tom, 'still there?');
      await until('the other page hears', async () => (await heard(jerry)).at(-1) === 'still there?');
      expect(await shown(jerry)).toEqual(['hello', 'still there?']);
      expect(failures).toEqual([]);
    });

  it('is told after its network was gone: unread, recalls, and history', async () => {
    const [tom, jerry] = await talk([`tom-tunnel`, `jerry-tunnel`]);
    await jerry.context().setOffline(true);
    await until('the page knows', async () => (await told(jerry, 'OFFLINE')).length > 0);
    await say(tom, 'into the tunnel');
    await tom.evaluate(async () => {
      const [first] = await window.conversation.queryMessages({ limit: 100 });
      await window.conversation.recall(first!);
    });
    await jerry.context().setOffline(false);
    await until('the page is back', async () => (await told(jerry, 'RECONNECT')).length > 0);
    await until('it hears of the recall', async () => (await told(jerry, 'MESSAGE_RECALL')).length === 1);
    await until('unread is right', async () => (await told(jerry, 'unread')).at(-1)?.count === 1);
    expect(await shown(jerry)).toEqual(['recalled', 'into the tunnel']);
  });
});

function certified(folder: string): Record<string, string> {
  const certificate = makeCertificate(folder, 'browser');
  trust(certificate);
  return { HONGYAN_TLS_CERT: certificate.cert, HONGYAN_TLS_KEY: certificate.key };
}
