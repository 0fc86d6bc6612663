import { HongyanClient } from '@hongyan/sdk';
import { BreakableLink } from './breakable-link.js';
import { DemoError, type Stage, ms } from './stage.js';
import { Inbox, when } from './watch.js';

export interface TalkOptions {
  readonly url: string;
  readonly appId: string;
}

const MISSED = ['Are you there?', 'I booked the boat.', 'Seven o’clock at the lake!'] as const;

/** Ann and Bob talk through the SDK, over real sockets, as any two apps would. Throws {@link DemoError}. */
export async function talk(stage: Stage, { url, appId }: TalkOptions): Promise<void> {
  const link = await BreakableLink.to(url);
  const clientOf = (clientId: string, at: string) =>
    new HongyanClient({ url: at, appId, credentials: { clientId }, reconnectMs: { first: 50, max: 400 } });
  const ann = clientOf('ann', url);
  const bob = clientOf('bob', link.url); // over a line that can be cut
  try {
    await converse(stage, ann, bob, link);
  } finally {
    await Promise.allSettled([ann.close(), bob.close()]);
    link.close();
  }
}

async function converse(
  stage: Stage,
  ann: HongyanClient,
  bob: HongyanClient,
  link: BreakableLink,
): Promise<void> {
  await stage.step('Ann and Bob connect', () => Promise.all([ann.connect(), bob.connect()]));

  const chat = await stage.step(
    'Ann opens a conversation with Bob',
    () => ann.conversations.create({ members: ['bob'], unique: true }),
    (conversation) => (conversation.seq > 1 ? 'there from an earlier start' : conversation.id),
  );
  const bobs = await bob.conversations.get(chat.id);
  await bobs.read();
  const [annsInbox, bobsInbox] = [new Inbox(ann, chat.id), new Inbox(bob, chat.id)];

  const sentAt = performance.now();
  const arrival = bobsInbox.has(1).then(() => ms(performance.now() - sentAt));
  const first = await stage.step(
    'Ann: “Hello Bob!”',
    async () => chat.send('Hello Bob!'),
    () => 'acknowledged: it is on disk',
  );
  await stage.step(
    'Bob gets it',
    () => arrival,
    (after) => `${after} after Ann sent it`,
  );

  const read = when<{ client?: string; read?: number }>(
    (listener) => chat.on('receipt', listener),
    (receipt) => receipt.client === 'bob' && (receipt.read ?? 0) >= (first.seq ?? 0),
  );
  await stage.step(
    'Bob reads it, Ann sees the receipt',
    async () => {
      await bobs.read();
      await read;
    },
    () => 'receipts travel once a second at most',
  );

  await stage.step('Bob: “Hello Ann!”', async () => {
    await bobs.send('Hello Ann!');
    await annsInbox.has(1);
  });

  await stage.step('Bob’s connection is killed', async () => {
    const lost = when<string>(
      (listener) => bob.on('state', listener),
      (state) => state !== 'online',
    );
    link.cut();
    await lost;
  });
  await stage.step(
    `Ann sends ${MISSED.length} messages meanwhile`,
    () => Promise.all(MISSED.map(async (text) => chat.send(text))),
    () => 'all on disk',
  );
  await stage.step(
    'Bob is back and catches up',
    async () => {
      link.mend();
      await bobsInbox.has(1 + MISSED.length);
      expectSame(bobsInbox.bodies.slice(1), MISSED, 'what Bob caught up on');
      await until(
        () => bobs.unread === MISSED.length,
        () => `Bob's unread is ${bobs.unread}`,
      );
    },
    () => `by itself: each once, in order; unread ${bobs.unread}`,
  );

  await stage.step(
    'Bob looks at the history',
    async () => {
      const page = await bobs.history({ limit: 5 });
      expectSame(
        page.messages.map(({ body }) => body),
        ['Hello Bob!', 'Hello Ann!', ...MISSED],
        'the history',
      );
      return page;
    },
    (page) =>
      `${page.messages.length} messages, ${page.messages[0]?.seq ?? 0}–${page.messages.at(-1)?.seq ?? 0}${page.more ? ', and older ones' : ''}`,
  );
  await bobs.read();
}

function expectSame(got: readonly string[], wanted: readonly string[], what: string): void {
  if (JSON.stringify(got) === JSON.stringify(wanted)) return;
  throw new DemoError(`${what} is ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
}

async function until(holds: () => boolean, told: () => string): Promise<void> {
  const end = Date.now() + 5000;
  while (!holds()) {
    if (Date.now() > end) throw new DemoError(told());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
