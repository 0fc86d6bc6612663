import { Module, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import { ClientRates } from './client-rates.js';
import type { ConnectionParts } from './connection-parts.js';
import { LeanCloudModule } from './leancloud/leancloud.module.js';
import { NativeDoor } from './native-door.js';
import { NativeGateway } from './native.gateway.js';

/** The connection doors as a module. Its composition root also calls `configureSockets(app)`. */
@Module({})
export class ConnectionModule implements BeforeApplicationShutdown {
  constructor(private readonly door: NativeDoor) {}

  static forRoot(given: ConnectionParts): DynamicModule {
    const parts = { rates: new ClientRates(), ...given };
    return {
      module: ConnectionModule,
      imports: [LeanCloudModule.forRoot(parts)],
      providers: [{ provide: NativeDoor, useFactory: () => new NativeDoor(parts) }, NativeGateway],
      exports: [NativeDoor],
    };
  }

  /** Sockets are still open here; afterwards Nest closes the server. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.door.drain(this.door.options.drainMs);
  }
}
