import { DynamicModule, Module } from '@nestjs/common';
import { CONVERSATION_PARTS, type ConversationParts } from './parts.js';
import { DocumentController } from './nest-document-controller.js';
import { controllerOf } from './nest-server-controller.js';
import { ServerGuard, ServerStrategy } from './nest-server-guard.js';
import { routes } from './routes.js';

/** The door for tenants' own servers. The rules are behind `parts.commands`; none is here. */
@Module({})
export class ConversationModule {
  static forRoot(parts: ConversationParts): DynamicModule {
    return {
      module: ConversationModule,
      controllers: [DocumentController, controllerOf(routes)],
      providers: [{ provide: CONVERSATION_PARTS, useValue: parts }, ServerStrategy, ServerGuard],
    };
  }
}
