import { Test } from '@nestjs/testing';
import { io } from 'socket.io-client';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { type Rig, sampleApp, startRig } from './fixtures.contract.js';
import { configureSockets, ConnectionModule, NativeDoor } from './index.js';

const app = sampleApp('one');

describe('the module', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig([app]);
  });
  afterEach(() => rig.stop());

  it('serves Socket.IO clients on the HTTP server of Nest, and drains when Nest shuts down', async () => {
    const module = await Test.createTestingModule({
      imports: [ConnectionModule.forRoot(rig.parts)],
    }).compile();
    const nest = module.createNestApplication({ logger: false });
    configureSockets(nest);
    await nest.listen(0, '127.0.0.1');
    const { port } = (nest.getHttpServer() as Server).address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;

    const polling = io(url, { transports: ['polling'], reconnection: false, auth: {} });
    await new Promise((resolve) => polling.on('connect_error', resolve));

    const refused = io(url, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      auth: { v: 1, appId: 'none', clientId: 'ann' },
    });
    const error = await new Promise<Error & { data?: unknown }>((resolve) =>
      refused.on('connect_error', resolve),
    );
    expect(error.data).toMatchObject({ code: 1107, name: 'unsigned_login_forbidden' });

    const client = io(url, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      auth: { v: 1, appId: 'one', clientId: 'ann' },
    });
    const events: { type: string; name?: string }[] = [];
    client.on('e', (event: { type: string }) => events.push(event));
    await new Promise((resolve) => client.once('e', resolve));
    rig.commands.answer = () => ({ unread: 3 });
    expect(await client.emitWithAck('c', 'client.unread', {})).toEqual({ ok: { unread: 3 } });
    expect(rig.commands.calls[0]?.caller).toMatchObject({ app: 'one', client: 'ann' });
    expect(module.get(NativeDoor).connections).toBe(1);

    const gone = new Promise((resolve) => client.on('disconnect', resolve));
    await nest.close();
    await gone;
    expect(events.map(({ type, name }) => name ?? type)).toEqual(['session', 'shutting_down']);
    refused.close();
    polling.close();
  });
});
