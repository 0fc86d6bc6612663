import {
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Patch,
  Post,
  Put,
  Req,
  Res,
  Type,
  UseGuards,
} from '@nestjs/common';
import type { Response } from 'express';
import { callOf } from './call.js';
import { CONVERSATION_PARTS, type ConversationParts } from './parts.js';
import type { Method, Route } from './route.js';
import { ServerGuard, type ServerRequest } from './nest-server-guard.js';

const verbs: Readonly<Record<Method, (path: string) => MethodDecorator>> = {
  get: Get,
  post: Post,
  put: Put,
  patch: Patch,
  delete: Delete,
};

type Handler = (request: ServerRequest, response: Response) => Promise<unknown>;

/** The controller of a table of routes: a method per route, which decodes, runs and lets Nest encode. */
export function controllerOf(routes: readonly Route[]): Type {
  @Controller('api/v1')
  @UseGuards(ServerGuard)
  class ServerController {
    constructor(@Inject(CONVERSATION_PARTS) readonly parts: ConversationParts) {}
  }

  const methods = ServerController.prototype as unknown as Record<string, Handler>;
  for (const route of routes) {
    methods[route.id] = async function (this: ServerController, request, response): Promise<unknown> {
      const call = callOf(route, request, response, this.parts.now());
      return route.run(this.parts, call);
    };
    const descriptor = Object.getOwnPropertyDescriptor(methods, route.id) as PropertyDescriptor;
    for (const decorate of [verbs[route.method](route.path), HttpCode(200)])
      decorate(methods, route.id, descriptor);
    Req()(methods, route.id, 0);
    Res({ passthrough: true })(methods, route.id, 1);
  }
  return ServerController;
}
