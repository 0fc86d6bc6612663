import { type Arrived, readEvent } from './delivery-checker.js';
import { LeanCloudClient, readLeanCloudPush } from './leancloud-client.js';
import { NativeClient } from './native-client.js';
import type { ServerName } from './servers.js';
import type { TrafficClient, TrafficClientOptions } from './traffic-client.js';

/** A client of a workload, in the protocol that the server is measured with. */
export const connectClient = ({
  server,
  name,
  onPush,
  onClose,
}: TrafficClientOptions): Promise<TrafficClient> =>
  server.name === 'leancloud'
    ? LeanCloudClient.connect({ server, name, onPush, onClose })
    : NativeClient.connect({ server, name, onPush, onClose });

/** How what a server pushes is read; undefined: no message. */
export const readerOf = (server: ServerName): ((packet: Buffer) => Arrived | string | undefined) =>
  server === 'leancloud' ? readLeanCloudPush : readEvent;
