import type { Delivery, ServerEvent } from '@hongyan/protocol';
import type { WireFormat } from './ports.js';
import type { AppTable, OneOrMany, SessionNode } from './session-table.js';

/** Hands an event to the sessions of this process that it concerns, but not to the one that caused it. */
export function fanOut(table: AppTable, delivery: Delivery): void {
  const { audience, authorOnly } = delivery;
  const all = new Encoding(delivery.event);
  const own = authorOnly === undefined ? all : new Encoding(authorOnly.event);
  const author = authorOnly?.client;
  if (audience.kind === 'sessions') {
    for (const session of audience.sessions) {
      const node = table.sessions.get(session);
      if (node !== undefined) send(node, delivery, node.session.client === author ? own : all);
    }
  } else if (audience.kind === 'clients') {
    for (const client of audience.clients) {
      const nodes = table.clients.get(client);
      if (nodes !== undefined) sendToAll(nodes, delivery, client === author ? own : all);
    }
  } else {
    const room = table.rooms.get(audience.conversation);
    if (room === undefined) return;
    for (const [client, nodes] of room) sendToAll(nodes, delivery, client === author ? own : all);
  }
}

/** Encodes an event at most once per wire format. */
class Encoding {
  private format: WireFormat | undefined;
  private encoded: unknown;
  private others: Map<WireFormat, unknown> | undefined;

  constructor(private readonly event: ServerEvent) {}

  for(format: WireFormat): unknown {
    if (this.format === format) return this.encoded;
    if (this.format === undefined) {
      this.encoded = format.encode(this.event);
      this.format = format;
      return this.encoded;
    }
    this.others ??= new Map();
    let encoded = this.others.get(format);
    if (encoded === undefined) this.others.set(format, (encoded = format.encode(this.event)));
    return encoded;
  }
}

function sendToAll(nodes: OneOrMany<SessionNode>, delivery: Delivery, encoding: Encoding): void {
  if (!Array.isArray(nodes)) send(nodes, delivery, encoding);
  else for (const node of nodes) send(node, delivery, encoding);
}

function send(node: SessionNode, delivery: Delivery, encoding: Encoding): void {
  const { sink } = node;
  if (sink === undefined || node.session.session === delivery.origin) return;
  sink.write(encoding.for(sink.format), delivery.class, delivery.priority ?? 'normal');
}
