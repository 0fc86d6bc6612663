import {
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Post,
  Put,
  Req,
  Res,
  Type,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import type { App } from '@hongyan/apps';
import { TokenBuckets } from '@hongyan/rest';
import type { Response } from 'express';
import { CONVERSATION_PARTS, type ConversationParts } from '../parts.js';
import { KindCache } from './kind-cache.js';
import { LeanCloudFilter } from './nest-leancloud-filter.js';
import { LeanCloudGuard, takeOne, type LeanCloudRequest } from './nest-leancloud-guard.js';
import { restCallOf } from './read-request.js';
import type { LeanCloudRoute } from './route.js';

const verbs = { get: Get, post: Post, put: Put, delete: Delete };

type Handler = (request: LeanCloudRequest, response: Response) => Promise<unknown>;

/** The controller of a table of routes: a method per route, which decodes, runs and lets Nest encode. */
export function leanCloudControllerOf(routes: readonly LeanCloudRoute[]): Type {
  const kinds = new KindCache();

  @Controller()
  @UseGuards(LeanCloudGuard)
  @UseFilters(LeanCloudFilter)
  class LeanCloudController {
    constructor(
      @Inject(CONVERSATION_PARTS) readonly parts: ConversationParts,
      @Inject(TokenBuckets) readonly buckets: TokenBuckets,
    ) {}
  }

  const methods = LeanCloudController.prototype as unknown as Record<string, Handler>;
  for (const route of routes) {
    const id = `${route.method} ${route.path}`;
    methods[id] = async function (this: LeanCloudController, request, response): Promise<unknown> {
      request.leanCloudRoute = route;
      const spend = (app: App) => takeOne(this.buckets, app);
      return route.run(restCallOf(route, this.parts, kinds, request, response, spend));
    };
    const descriptor = Object.getOwnPropertyDescriptor(methods, id) as PropertyDescriptor;
    for (const decorate of [verbs[route.method](route.path), HttpCode(route.status)])
      decorate(methods, id, descriptor);
    Req()(methods, id, 0);
    Res({ passthrough: true })(methods, id, 1);
  }
  return LeanCloudController;
}
