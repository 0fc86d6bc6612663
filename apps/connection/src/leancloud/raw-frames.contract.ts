import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from '@hongyan/apps';
import { encodeCommand, readFrame, type GenericCommand } from '@hongyan/leancloud';
import { WebSocket } from 'ws';
import type { ConnectionOptions } from '../connection-parts.js';
import { startRig, type Rig } from '../fixtures.contract.js';
import { LeanCloudDoor } from './leancloud-door.js';
import { LocalPodDirectory, type PodDirectory } from './pod-directory.js';
import { routeEndpoint } from './route-endpoint.js';

export interface LeanCloudRig extends Rig {
  readonly leanCloud: LeanCloudDoor;
  readonly base: string;
  /** A connection that is open. */
  connect(options?: ConnectOptions): Promise<RawFrames>;
}

export interface ConnectOptions {
  readonly subprotocol?: string | string[];
  readonly path?: string;
  readonly origin?: string;
}

/** The door on a plain HTTP server, with recorded commands behind it. */
export async function startLeanCloudRig(
  apps: App[],
  options: Partial<ConnectionOptions> = {},
  pods?: PodDirectory,
): Promise<LeanCloudRig> {
  const rig = await startRig(apps, options);
  const leanCloud = new LeanCloudDoor(rig.parts);
  const endpoint = routeEndpoint(rig.parts.apps, pods ?? new LocalPodDirectory());
  const http = createServer((request, response) =>
    endpoint(request, response, () => {
      response.statusCode = 404;
      response.end();
    }),
  );
  http.on('upgrade', (request, socket, head: Buffer) => leanCloud.upgrade(request, socket, head));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(http.address() as AddressInfo).port}`;
  const open: RawFrames[] = [];
  return {
    ...rig,
    leanCloud,
    base: `http://${host}`,
    async connect({ subprotocol = 'lc.protobuf2.3', path = '/', origin } = {}) {
      const socket = new WebSocket(
        `ws://${host}${path}`,
        subprotocol,
        origin === undefined ? {} : { origin },
      );
      const frames = new RawFrames(socket);
      open.push(frames);
      await frames.opened;
      return frames;
    },
    async stop() {
      for (const { socket } of open) socket.terminate();
      await leanCloud.drain(0);
      await rig.stop();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** A client that writes and reads frames of this protocol itself. */
export class RawFrames {
  readonly opened: Promise<void>;
  readonly received: GenericCommand[] = [];
  readonly kinds: ('binary' | 'text')[] = [];
  closed: { code: number; reason: string } | undefined;
  private serial = 0;
  private waiters: (() => void)[] = [];

  constructor(readonly socket: WebSocket) {
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      this.kinds.push(isBinary ? 'binary' : 'text');
      this.received.push(readFrame(data, isBinary));
      this.wake();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.wake();
    });
  }

  raw(data: Buffer | string): void {
    this.socket.send(data);
  }

  send(command: GenericCommand): void {
    const bytes = encodeCommand(command);
    this.raw(this.socket.protocol.includes('base64') ? bytes.toString('base64') : bytes);
  }

  /** Sends with a serial and waits for the answer to it. */
  async ask(command: GenericCommand, i = (this.serial += 1)): Promise<GenericCommand> {
    this.send({ ...command, i });
    return await this.until(() => this.received.find((one) => one.i === i));
  }

  /** A push of this kind that has come or comes. */
  push(cmd: number, op?: number): Promise<GenericCommand> {
    return this.until(() =>
      this.received.find(
        (one) => one.i === undefined && one.cmd === cmd && (op === undefined || one.op === op),
      ),
    );
  }

  whenClosed(): Promise<{ code: number; reason: string }> {
    return this.until(() => this.closed);
  }

  async until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.waiters.push(resolve));
    }
  }

  private wake(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }
}
