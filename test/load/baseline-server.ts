import { createServer } from 'node:http';
import { Server, type Socket } from 'socket.io';

/**
 * Plain Socket.IO 4 that stores nothing and checks nothing: the measure that Hongyan is held against. It speaks as
 * much of the same commands as the workloads need. Prints its port when it listens.
 */
type Answer = (answer: { ok: object } | { error: object }) => void;

const http = createServer();
const io = new Server(http, { transports: ['websocket'] });
/** Whose messages the receipts of a conversation are for. */
const authors = new Map<string, string>();
const online = new Map<string, number>();

const handlers: Record<string, (socket: Socket, args: never, answer: Answer) => void> = {
  join(socket, { conversation }: { conversation: string }, answer) {
    void socket.join(conversation);
    answer({ ok: {} });
  },
  'message.send'(socket, { conversation, body }: { conversation: string; body: string }, answer) {
    authors.set(conversation, socket.id);
    const from = socket.data as { client: string };
    const message = { from: from.client, body };
    socket.to(conversation).emit('e', { type: 'entry', entry: { conversation, kind: 'message', message } });
    answer({ ok: {} });
  },
  'conversation.delivered'(
    socket,
    { cursors }: { cursors: { conversation: string; seq: number }[] },
    answer,
  ) {
    for (const { conversation, seq } of cursors) tellAuthor(socket, conversation, { delivered: seq });
    answer({ ok: {} });
  },
  'conversation.read'(socket, { conversation, seq }: { conversation: string; seq: number }, answer) {
    tellAuthor(socket, conversation, { read: seq });
    answer({ ok: {} });
  },
  'presence.query'(_socket, { clients }: { clients: string[] }, answer) {
    answer({ ok: { online: clients.filter((client) => online.has(client)) } });
  },
};

function tellAuthor(socket: Socket, conversation: string, cursor: object): void {
  const author = authors.get(conversation);
  if (author === undefined) return;
  const { client } = socket.data as { client: string };
  io.to(author).emit('e', { type: 'cursor', conversation, client, ...cursor });
}

io.on('connection', (socket) => {
  const { clientId } = socket.handshake.auth as { clientId: string };
  socket.data = { client: clientId };
  online.set(clientId, (online.get(clientId) ?? 0) + 1);
  socket.on('c', (name: string, args: unknown, answer: Answer = () => undefined) => {
    const handler = handlers[name];
    if (handler === undefined) answer({ error: { name: 'unknown_operation' } });
    else handler(socket, args as never, answer);
  });
  socket.on('disconnect', () => {
    const left = (online.get(clientId) ?? 1) - 1;
    if (left === 0) online.delete(clientId);
    else online.set(clientId, left);
  });
});

process.on('SIGINT', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  if (typeof address === 'object' && address !== null) console.log(`port ${address.port}`);
});
