import { DynamicModule, Module } from '@nestjs/common';
import { activeSince } from '@hongyan/conversations';
import type { ReportError } from '@hongyan/rest';
import { ConnectionModule, type ConnectionParts } from '../../connection/src/index.js';
import { ConversationModule } from '../../conversation/src/conversation.module.js';
import { TenantAdminModule } from '../../tenant-admin/src/tenant-admin.module.js';
import type { Composition } from './compose.js';
import { Health } from './health.js';
import { storeCare } from './store-care.js';
import { HealthController } from './nest-health-controller.js';

/** The doors of a standalone server, on one port. */
@Module({})
export class StandaloneModule {
  static forRoot(parts: Composition, connection: ConnectionParts, report: ReportError): DynamicModule {
    const {
      administration,
      authenticateServer,
      clients,
      commands,
      directory,
      hub,
      folder,
      imports,
      now,
      operatorToken,
      store,
    } = parts;
    return {
      module: StandaloneModule,
      imports: [
        ConnectionModule.forRoot(connection),
        ConversationModule.forRoot({
          commands,
          apps: directory,
          authenticate: authenticateServer,
          clients,
          presence: hub,
          activeSince: (app, time) => activeSince(store.clients, hub, app, time),
          now,
          report,
        }),
        TenantAdminModule.forRoot({
          operatorToken,
          administration,
          store: storeCare(store, folder),
          ...(imports === undefined ? {} : { imports }),
          installations: store.installations,
          kick: (app, client, options) => clients.kick(app, client, options),
          presence: hub,
          report,
        }),
      ],
      controllers: [HealthController],
      providers: [{ provide: Health, useValue: parts.health }],
    };
  }
}
