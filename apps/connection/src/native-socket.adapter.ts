import type { INestApplication } from '@nestjs/common';
import { hardLimits } from '@hongyan/protocol';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import type { ConnectionOptions } from './connection-parts.js';
import { NativeDoor } from './native-door.js';

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

const serverOptions = (options: ConnectionOptions): Partial<ServerOptions> => ({
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

/** Wires gateways without anything per socket: the door handles its sockets itself. */
class NativeSocketAdapter extends IoAdapter {
  constructor(
    application: INestApplication,
    private readonly options: ConnectionOptions,
  ) {
    super(application);
  }

  override createIOServer(port: number, options?: Partial<ServerOptions>): Server {
    return super.createIOServer(port, { ...options, ...serverOptions(this.options) } as ServerOptions) as Server;
  }

  override bindClientConnect(): void {}
  override bindClientDisconnect(): void {}
  override bindMessageHandlers(): void {}
}

/** To be called by the composition root before the application listens. */
export function configureSockets(application: INestApplication): void {
  application.useWebSocketAdapter(new NativeSocketAdapter(application, application.get(NativeDoor).options));
}
