import { WebSocketGateway, type OnGatewayInit } from '@nestjs/websockets';
import type { Server } from 'socket.io';
import { NativeDoor } from './native-door.js';

/**
 * Nest's part of the native door ends when the server stands: it wires, and no message ever passes it (a handler per
 * event costs memory on every socket, and its pipeline time on every message).
 */
@WebSocketGateway({ path: '/socket.io', transports: ['websocket'] })
export class NativeGateway implements OnGatewayInit<Server> {
  constructor(private readonly door: NativeDoor) {}

  afterInit(server: Server): void {
    this.door.listen(server);
  }
}
