import { hardLimits } from '@hongyan/protocol';
import type { ServerOptions } from 'socket.io';
import type { ConnectionOptions } from './connection-parts.js';

/** Socket.IO's own rooms are not used: the hub is. This keeps two sets per socket from being made. */
class NoRooms {
  init(): void {}
  close(): void {}
  addAll(): void {}
  del(): void {}
  delAll(): void {}
  socketRooms(): undefined {
    return undefined;
  }
}

/** Room for a frame's envelope: the packet type, an id, the event's and the operation's name. */
const envelopeBytes = 4 * 1024;

/** How Socket.IO is set up for the native door: WebSocket only, no compression, none of its own recovery. */
export const serverOptions = (options: ConnectionOptions): Partial<ServerOptions> => ({
  path: '/socket.io',
  transports: ['websocket'],
  pingInterval: options.heartbeatMs,
  pingTimeout: options.heartbeatTimeoutMs,
  connectTimeout: options.loginTimeoutMs,
  maxHttpBufferSize: hardLimits.frameBytes + envelopeBytes,
  perMessageDeflate: false,
  httpCompression: false,
  allowUpgrades: false,
  serveClient: false,
  adapter: NoRooms as unknown as NonNullable<ServerOptions['adapter']>,
});
