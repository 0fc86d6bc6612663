import type { IncomingMessage } from 'node:http';
import type { Framing } from '@hongyan/leancloud';

/** How a connection speaks. */
export interface Dialect {
  readonly subprotocol: string;
  readonly framing: Framing;
  /** `.1`: missed messages are pushed on login; `.3`: unread counts are. */
  readonly offlineMessages: boolean;
}

const dialects: readonly Dialect[] = [
  { subprotocol: 'lc.protobuf2.3', framing: 'binary', offlineMessages: false },
  { subprotocol: 'lc.protobuf2.1', framing: 'binary', offlineMessages: true },
  { subprotocol: 'lc.proto2base64.3', framing: 'base64', offlineMessages: false },
  { subprotocol: 'lc.proto2base64.1', framing: 'base64', offlineMessages: true },
];

const find = (name: string): Dialect | undefined => dialects.find(({ subprotocol }) => subprotocol === name);

/** The first that the client offers and we speak: in the header, or in the query for clients that cannot set headers. */
export function negotiate(request: IncomingMessage): Dialect | undefined {
  const offered = String(request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim());
  const asked = new URL((request.url ?? '/').replace(/^\/+/, '/'), 'http://localhost').searchParams.get(
    'subprotocol',
  );
  for (const name of asked === null ? offered : [...offered, asked]) {
    const found = find(name);
    if (found !== undefined) return found;
  }
  return undefined;
}
