import type { AppId, ClientId, ConversationId } from '@hongyan/protocol';
import type { ClientStore } from './client-ports.js';
import type { LogStore, MemberStore } from './ports.js';

/**
 * Who has not subscribed to a service gets a row in it, as a guest, by its messages to everyone: clients that are online when
 * one is published, and the others at their next login. Such messages count from a client's first login on.
 */
interface Stores {
  readonly log: LogStore;
  readonly members: MemberStore;
  readonly clients: ClientStore;
}

/** At a login: a row if there has been a message to everyone since the first one. */
export async function guestRowAtLogin(
  { log, members }: Stores,
  app: AppId,
  service: ConversationId,
  client: ClientId,
  firstLogin: number,
): Promise<void> {
  const [known] = await members.among(app, service, [client], true);
  if (known !== undefined) return;
  const after = await log.seqAt(app, service, firstLogin);
  const range = { direction: 'forward', after, before: Number.MAX_SAFE_INTEGER, limit: 1 } as const;
  const { messages } = await log.history(app, service, { ...range, everyone: true });
  if (messages.length > 0) await members.ensure(app, service, client, 'guest', after);
}

/** Before a message to everyone is published to these clients: who has no row yet gets one. */
export async function guestRows(
  { log, members, clients: records }: Stores,
  app: AppId,
  service: ConversationId,
  clients: readonly ClientId[],
): Promise<void> {
  const known = new Set(await members.among(app, service, clients, true));
  const newcomers = clients.filter((client) => !known.has(client));
  if (newcomers.length === 0) return;
  await Promise.all(
    (await records.get(app, newcomers)).map(async ({ id, firstLogin }) => {
      if (firstLogin === undefined) return;
      await members.ensure(app, service, id, 'guest', await log.seqAt(app, service, firstLogin));
    }),
  );
}
