import type { Result } from '@hongyan/protocol';
import { appOf, Harness, type TestCaller, type TestClient } from './service-harness.contract.js';

/** Who is told which members muted a conversation: the server, and clients where the app shows it. */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open([
    appOf('a'),
    appOf('shown', (app) => ({ ...app, conversations: { ...app.conversations, mutesShown: true } })),
  ]);
});
afterEach(() => harness.close());

/** A group of three, of which bob muted for good and cat for a minute. */
async function group(app: string): Promise<{ ann: TestClient; conversation: string }> {
  const [ann, bob, cat] = ['ann', 'bob', 'cat'].map((name) => harness.client(name, app));
  const made = await ann!.run('conversation.create', { name: 'group', members: ['bob', 'cat'] });
  const conversation = made.conversation.id;
  await bob!.run('conversation.setState', { conversation, muteUntil: null });
  await cat!.run('conversation.setState', { conversation, muteUntil: harness.now + 60_000 });
  return { ann: ann!, conversation };
}

const queried = async (by: TestCaller, members?: boolean) => {
  const page = await by.run('conversation.query', { where: { name: 'group' }, members });
  return page.items[0]?.muted;
};
const flagged = ({ items }: Result<'conversation.members'>) =>
  items.filter(({ muted }) => muted).map(({ client }) => client);

it('clients of apps that show it, with the members, as of now', async () => {
  const { ann, conversation } = await group('shown');
  expect(await queried(ann, true)).toEqual(['bob', 'cat']);
  expect(flagged(await ann.run('conversation.members', { conversation }))).toEqual(['bob', 'cat']);
  harness.now += 60_000;
  expect(await queried(ann, true)).toEqual(['bob']);
  expect(flagged(await ann.run('conversation.members', { conversation }))).toEqual(['bob']);
  expect(await queried(ann)).toBeUndefined();
});

it('nobody but the server otherwise', async () => {
  const { ann, conversation } = await group('a');
  expect(await queried(ann, true)).toBeUndefined();
  const { items } = await ann.run('conversation.members', { conversation });
  expect(items).toHaveLength(3);
  for (const member of items) expect(Object.keys(member).sort()).toEqual(['client', 'joinedAt', 'role']);
  expect(await queried(harness.server(), true)).toEqual(['bob', 'cat']);
  expect(flagged(await harness.server().run('conversation.members', { conversation }))).toEqual([
    'bob',
    'cat',
  ]);
});
