import { DynamicModule, Module } from '@nestjs/common';
import { TokenBuckets } from '@hongyan/rest';
import { LeanCloudRestModule } from './leancloud/nest-leancloud.module.js';
import { CONVERSATION_PARTS, type ConversationParts } from './parts.js';
import { DocumentController } from './nest-document-controller.js';
import { controllerOf } from './nest-server-controller.js';
import { ServerGuard, ServerStrategy } from './nest-server-guard.js';
import { routes } from './routes.js';

/** The doors for tenants' own servers: our own and LeanCloud's. The rules are behind `parts.commands`; none is here. */
@Module({})
export class ConversationModule {
  static forRoot(parts: ConversationParts): DynamicModule {
    // An app's rate is one, whichever door its servers use.
    const buckets = new TokenBuckets(parts.now);
    return {
      module: ConversationModule,
      imports: [LeanCloudRestModule.forRoot(parts, buckets)],
      controllers: [DocumentController, controllerOf(routes)],
      providers: [
        { provide: CONVERSATION_PARTS, useValue: parts },
        { provide: TokenBuckets, useValue: buckets },
        ServerStrategy,
        ServerGuard,
      ],
    };
  }
}
