import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from '@hongyan/apps';
import { CommandType, OpType } from '@hongyan/leancloud';
import type { ConnectionOptions } from '../connection-parts.js';
import { startRig, type Rig } from '../fixtures.contract.js';
import { LeanCloudDoor } from './leancloud-door.js';
import { LocalPodDirectory, type PodDirectory } from './pod-directory.js';
import { RawFrames } from './raw-client.contract.js';
import { routeEndpoint } from './route-endpoint.js';

export { RawFrames };

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
  // What every login asks for.
  rig.commands.always = { 'client.edits': { entries: [], until: 0, more: false } };
  const leanCloud = new LeanCloudDoor(rig.parts);
  const endpoint = routeEndpoint(rig.parts.apps, pods ?? new LocalPodDirectory(), leanCloud);
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
      const frames = RawFrames.to(`ws://${host}${path}`, subprotocol, origin);
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

/** A client of app `red`, logged in; its list is empty. */
export async function logIn(rig: LeanCloudRig, client: string, appId = 'red'): Promise<RawFrames> {
  rig.commands.answer = (name) =>
    name === 'conversation.list'
      ? { items: [], totals: { unread: 0, mentionUnread: 0, unmutedUnread: 0 } }
      : {};
  const frames = await rig.connect();
  const sessionMessage = { ua: 'test', r: false };
  const open = { cmd: CommandType.session, op: OpType.open, appId, peerId: client, sessionMessage };
  expect((await frames.ask(open)).op).toBe(OpType.opened);
  return frames;
}
