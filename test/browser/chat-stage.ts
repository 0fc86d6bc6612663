import { HongyanClient } from '@hongyan/sdk';
import { type ChatWindow, ChatWindows } from './chat-windows.js';
import { SampleServer } from './sample-server.js';

/** A server, a browser, and who plays in a test of the chat sample. Made once per file; all leave after each test. */
export interface ChatStage {
  readonly server: SampleServer;
  /** A window of the sample as this client. */
  open(name: string, options?: Parameters<ChatWindows['open']>[2]): Promise<ChatWindow>;
  /** Somebody without a window. */
  online(clientId: string): Promise<HongyanClient>;
}

export function chatStage(): ChatStage {
  let server: SampleServer;
  let windows: ChatWindows;
  const others: HongyanClient[] = [];

  beforeAll(async () => {
    [server, windows] = await Promise.all([SampleServer.start(), ChatWindows.launch()]);
  });

  afterEach(async () => {
    await Promise.all(others.splice(0).map((client) => client.close()));
    await windows.closeAll();
  });

  afterAll(async () => {
    await windows?.quit();
    await server?.remove();
  });

  return {
    get server() {
      return server;
    },
    open: (name, options) => windows.open(server.url, name, options),
    async online(clientId) {
      const client = new HongyanClient({ url: server.url, appId: 'demo', credentials: { clientId } });
      others.push(client);
      await client.connect();
      return client;
    },
  };
}
