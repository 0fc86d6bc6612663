import { readFileSync } from 'node:fs';
import type { Socket as NetSocket } from 'node:net';
import { sampleApp, startRig, type Rig } from './fixtures.contract.js';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig([sampleApp('one')]);
  await rig.client().event('session');
});
afterEach(() => rig.stop());

/** The net socket on the server's side of the first client. */
function netSocket(): NetSocket {
  const [socket] = rig.server.sockets.sockets.values();
  return (socket!.conn as unknown as { transport: { socket: { _socket: NetSocket } } }).transport.socket
    ._socket;
}

describe('what a connection that was taken over relies on', () => {
  it.each([
    ['socket.io', '4.8.3'],
    ['engine.io', '6.6.12'],
    ['ws', '8.21.3'],
  ])(
    'was read and tried with %s %s: look at engine-connection.ts again after an upgrade',
    (name, version) => {
      const manifest = readFileSync(`node_modules/${name}/package.json`, 'utf8');
      expect((JSON.parse(manifest) as { version: string }).version).toBe(version);
    },
  );

  it('is there: the places it reaches into', () => {
    const [socket] = rig.server.sockets.sockets.values();
    const conn = socket!.conn as unknown as Record<string, unknown> & { transport: Record<string, unknown> };
    expect(Array.isArray(conn.writeBuffer)).toBe(true);
    expect(conn.readyState).toBe('open');
    expect(typeof conn.flush).toBe('function');
    expect(conn.transport.writable).toBe(true);
    expect(conn.transport.perMessageDeflate).toBe(false);
    const { _sender } = conn.transport.socket as { _sender: { sendFrame: unknown; _state: unknown } };
    expect(typeof _sender.sendFrame).toBe('function');
    expect(_sender._state).toBe(0);
  });

  it('lets go of the handshake', () => {
    const [socket] = rig.server.sockets.sockets.values();
    expect(socket!.request).toBeUndefined();
    expect(socket!.handshake).toEqual({});
    expect(socket!.data).toEqual({});
    const left = netSocket().rawListeners('close') as { name: string; listener?: { name: string } }[];
    expect(left.map(({ name, listener }) => listener?.name ?? name)).toEqual(['socketOnClose']);
    const { socket: webSocket } = (socket!.conn as unknown as { transport: { socket: NetSocket } }).transport;
    expect(webSocket.listenerCount('error')).toBe(1);
  });
});
