import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type NestModule,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { ConnectionParts } from '../connection-parts.js';
import { LeanCloudDoor } from './leancloud-door.js';
import { LocalPodDirectory, type PodDirectory } from './pod-directory.js';
import { restEndpoint } from './rest-endpoint.js';
import { routeEndpoint } from './route-endpoint.js';
import { signEndpoint } from './sign-endpoint.js';

/** What the module wires its door to. */
class LeanCloudWiring {
  constructor(
    readonly parts: ConnectionParts,
    readonly pods: PodDirectory,
  ) {}
}

/** The door for LeanCloud's clients, on the same HTTP server as the native one: all upgrades but Socket.IO's. */
@Module({})
export class LeanCloudModule implements NestModule, OnModuleInit, BeforeApplicationShutdown {
  constructor(
    private readonly door: LeanCloudDoor,
    private readonly host: HttpAdapterHost,
    private readonly wiring: LeanCloudWiring,
  ) {}

  static forRoot(parts: ConnectionParts, pods?: PodDirectory): DynamicModule {
    const door = new LeanCloudDoor(parts);
    const wiring = new LeanCloudWiring(parts, pods ?? new LocalPodDirectory());
    return {
      module: LeanCloudModule,
      providers: [
        { provide: LeanCloudDoor, useValue: door },
        { provide: LeanCloudWiring, useValue: wiring },
      ],
      exports: [LeanCloudDoor],
    };
  }

  /** Before any controller: what a session asks for by itself is not for the REST API of the app's server. */
  configure(): void {
    const { httpAdapter } = this.host;
    const { parts, pods } = this.wiring;
    httpAdapter.use(routeEndpoint(parts.apps, pods, this.door));
    httpAdapter.use(restEndpoint(parts, this.door.sessions));
    httpAdapter.use(signEndpoint(parts));
  }

  onModuleInit(): void {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (!isSocketIo(request.url)) this.door.upgrade(request, socket, head);
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.door.drain(this.door.options.drainMs);
  }
}

const isSocketIo = (url = '/'): boolean => /^\/socket\.io(?:[/?]|$)/.test(url);
