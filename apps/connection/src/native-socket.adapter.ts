import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import type { ConnectionOptions } from './connection-parts.js';
import { NativeDoor } from './native-door.js';
import { serverOptions } from './socket-options.js';

/** Wires gateways without anything per socket: the door handles its sockets itself. */
class NativeSocketAdapter extends IoAdapter {
  constructor(
    application: INestApplication,
    private readonly options: ConnectionOptions,
  ) {
    super(application);
  }

  override createIOServer(port: number, options?: Partial<ServerOptions>): Server {
    return super.createIOServer(port, {
      ...options,
      ...serverOptions(this.options),
    } as ServerOptions);
  }

  override bindClientConnect(): void {}
  override bindClientDisconnect(): void {}
  override bindMessageHandlers(): void {}
}

/** To be called by the composition root before the application listens. */
export function configureSockets(application: INestApplication): void {
  application.useWebSocketAdapter(new NativeSocketAdapter(application, application.get(NativeDoor).options));
}
