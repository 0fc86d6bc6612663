import type { IncomingMessage, ServerResponse } from 'node:http';
import { DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { allowCrossOrigin } from '@hongyan/leancloud';
import { TokenBuckets } from '@hongyan/rest';
import { CONVERSATION_PARTS, type ConversationParts } from '../parts.js';
import { leanCloudControllerOf } from './nest-leancloud-controller.js';
import { LeanCloudFilter } from './nest-leancloud-filter.js';
import { LeanCloudGuard } from './nest-leancloud-guard.js';
import { leanCloudRoutes } from './routes.js';

/** LeanCloud's REST API for tenants' servers. The rules are behind `parts.commands`; none is here. */
@Module({})
export class LeanCloudRestModule implements NestModule {
  static forRoot(parts: ConversationParts, buckets: TokenBuckets): DynamicModule {
    return {
      module: LeanCloudRestModule,
      controllers: [leanCloudControllerOf(leanCloudRoutes)],
      providers: [
        { provide: CONVERSATION_PARTS, useValue: parts },
        { provide: TokenBuckets, useValue: buckets },
        LeanCloudGuard,
        LeanCloudFilter,
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(answerBrowsers).forRoutes('1.1/{*path}', '1.2/{*path}');
  }
}

type Next = (error?: unknown) => void;

function answerBrowsers(request: IncomingMessage, response: ServerResponse, next: Next): void {
  response.setHeader('Cache-Control', 'no-store');
  if (!allowCrossOrigin(request, response)) next();
}
