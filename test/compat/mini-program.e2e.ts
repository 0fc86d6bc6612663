/* eslint-disable @typescript-eslint/no-unsafe-call -- the types that the SDK ships leave much of it any */
import type { Sdk } from './devices.js';
import { eventually, next } from './devices.js';
import { appKey } from './compat-server.js';
import { describeSdk, type Suite } from './suite.js';

/** The SDK's builds for WeChat's mini programs, on what WeChat gives them instead of a browser. */

const bundles = {
  4: 'leancloud-realtime-4/dist/realtime.weapp.js',
  5: 'leancloud-realtime-5/dist/im-weapp.js',
} as const;

interface SocketOptions {
  readonly url: string;
  readonly protocols?: string[];
}

interface RequestOptions {
  readonly url: string;
  readonly method?: string;
  readonly data?: unknown;
  readonly header?: Record<string, string>;
  success(answer: { statusCode: number; data: string }): void;
  fail(error: { errMsg: string }): void;
}

/** `wx`, as far as the SDK asks for it, with the network of this process behind it. */
class WeChat {
  private readonly kept = new Map<string, unknown>();
  private readonly sockets = new Set<WebSocket>();
  private readonly watching: ((status: { isConnected: boolean }) => void)[] = [];
  /** Sockets that were asked for, by what came along. */
  readonly asked: SocketOptions[] = [];

  readonly canIUse = (what: string): boolean => what === 'connectSocket.object.protocols';
  readonly getStorageSync = (key: string): unknown => this.kept.get(key) ?? '';
  readonly setStorageSync = (key: string, value: unknown): unknown => this.kept.set(key, value);
  readonly removeStorageSync = (key: string): unknown => this.kept.delete(key);
  readonly getNetworkType = ({ success }: { success(type: { networkType: string }): void }): void =>
    success({ networkType: 'wifi' });
  readonly onNetworkStatusChange = (listener: (status: { isConnected: boolean }) => void): unknown =>
    this.watching.push(listener);

  readonly connectSocket = (options: SocketOptions): object => {
    this.asked.push(options);
    const socket = new WebSocket(options.url, options.protocols ?? []);
    socket.binaryType = 'arraybuffer';
    this.sockets.add(socket);
    socket.addEventListener('close', () => this.sockets.delete(socket));
    return {
      onOpen: (listener: (event: object) => void) => socket.addEventListener('open', () => listener({})),
      onError: (listener: (event: object) => void) =>
        socket.addEventListener('error', () => listener({ errMsg: 'connectSocket:fail' })),
      onMessage: (listener: (event: object) => void) =>
        socket.addEventListener('message', ({ data }) => listener({ data: data as unknown })),
      onClose: (listener: (event: object) => void) =>
        socket.addEventListener('close', ({ code, reason }) => listener({ code, reason })),
      send: ({ data }: { data: string | ArrayBuffer }) => socket.send(data),
      close: () => socket.close(),
    };
  };

  readonly request = ({ url, method = 'GET', data, header = {}, success, fail }: RequestOptions): void => {
    const body = data === undefined || method === 'GET' ? {} : { body: JSON.stringify(data) };
    fetch(url, { method, headers: header, ...body })
      .then(async (answer) => success({ statusCode: answer.status, data: await answer.text() }))
      .catch((error: unknown) => fail({ errMsg: String(error) }));
  };

  /** The phone goes into a tunnel, or comes out of it. */
  set online(isConnected: boolean) {
    if (!isConnected) for (const socket of this.sockets) socket.close();
    for (const listener of this.watching) listener({ isConnected });
  }
}

function miniProgram({ version, server, app }: Suite) {
  const weChat = new WeChat();
  let sdk!: Sdk;
  jest.isolateModules(() => {
    Object.assign(globalThis, { wx: weChat });
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- one program, one module
    sdk = require(bundles[version]) as Sdk;
  });
  const { host } = new URL(server.url);
  const realtime = new sdk.Realtime({ appId: app.id, appKey, server: version === 4 ? host : server.url });
  return { weChat, sdk, realtime };
}

describeSdk('mini programs', (suite) => {
  afterEach(() => Reflect.deleteProperty(globalThis, 'wx'));

  it('talk with others, ask by REST, and come back from a tunnel', async () => {
    const [tomId, jerryId] = suite.names('tom', 'jerry');
    // First: what a mini program has is there for the whole process.
    const other = suite.device();
    const jerry = await other.login(jerryId!);
    const { weChat, sdk, realtime } = miniProgram(suite);
    const tom = await realtime.createIMClient(tomId!);
    const conversation = await tom.createConversation({ members: [jerry.id], name: 'from a phone' });
    const arrived = next<[{ text: string }, { send(message: unknown): Promise<unknown> }]>(
      jerry,
      other.sdk.Event.MESSAGE,
    );
    await conversation.send(new sdk.TextMessage('hello'));
    const [message, there] = await arrived;
    expect(message.text).toBe('hello');
    const answered = next<[{ text: string }]>(tom, sdk.Event.MESSAGE);
    await there.send(new other.sdk.TextMessage('and you?'));
    expect((await answered)[0].text).toBe('and you?');

    // By REST, with the program's own way of asking.
    await conversation.updateMemberRole(jerry.id, sdk.ConversationMemberRole.MANAGER);
    const infos = (await conversation.getAllMemberInfo({ noCache: true })) as { role: string }[];
    expect(infos.map(({ role }) => role).sort()).toEqual(['Manager', 'Owner']);

    const back = next(tom, sdk.Event.RECONNECT, undefined, 15_000);
    weChat.online = false;
    await there.send(new other.sdk.TextMessage('into the tunnel'));
    weChat.online = true;
    await back;
    await eventually(() => expect(conversation.unreadMessagesCount).toBe(2));
    const texts = (await conversation.queryMessages({ limit: 10 })) as unknown as { text: string }[];
    expect(texts.map(({ text }) => text)).toEqual(['hello', 'and you?', 'into the tunnel']);
    expect(weChat.asked.length).toBeGreaterThan(1);
    await tom.close();
  });
});
