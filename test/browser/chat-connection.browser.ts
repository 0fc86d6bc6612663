import { chatStage } from './chat-stage.js';
import { until } from './until.js';

jest.setTimeout(60_000);

const stage = chatStage();

describe('a connection that goes', () => {
  it('comes back after the server was killed, with everything once and in order', async () => {
    const [ann, bob] = await Promise.all([stage.open('irma'), stage.open('ivan', { colorScheme: 'dark' })]);
    await ann.create('Group', { Name: 'Night shift', People: 'ivan, inge' });
    await ann.say('before');
    await bob.openRow('Night shift');
    await bob.shows('before');
    await ann.sent('before', 'sent').waitFor();

    await stage.server.kill();
    await ann.banner.getByText(/Offline. Next attempt in \d+ s/).waitFor();
    await ann.tool('before', 'Reply');
    await ann.say('written while nobody listens');
    await ann.sent('written while', 'queued').locator('.quote').filter({ hasText: 'before' }).waitFor();
    await ann.shoot('offline');
    // Both windows stay away until somebody else has written.
    for (const window of [ann, bob])
      await window.page.getByRole('button', { name: 'Cut the connection' }).click();
    await bob.banner.getByText('You cut the connection').waitFor();
    await bob.shoot('cut-dark');

    await stage.server.start();
    const inge = await stage.online('inge');
    await until('inge has the list', () => inge.conversations.loaded.length === 1);
    const [shift] = inge.conversations.loaded;
    const texts = ['the lamp is broken', 'now it works', 'who took my pen'];
    for (const text of texts) await shift?.send(text);

    await bob.page.getByRole('button', { name: 'Restore the connection' }).click();
    await bob.shows('before', ...texts);
    await ann.page.getByRole('button', { name: 'Restore it' }).click();
    await ann.banner.getByText('Back online').waitFor();
    await ann.shoot('back');
    await ann.shows('before', ...texts, 'written while nobody listens');
    await bob.shows('before', ...texts, 'written while nobody listens');
    await ann.sent('written while', 'sent').or(ann.sent('written while', 'delivered')).waitFor();
    await ann.banner.waitFor({ state: 'hidden' });
  });

  it('begins anew with the newest page when more was missed than is worth fetching', async () => {
    const [ann, olga] = await Promise.all([stage.open('otto'), stage.online('olga')]);
    const conversation = await olga.conversations.create({ members: ['otto'], unique: true });
    const all = Array.from({ length: 260 }, (_, n) => `Verse ${n + 1}`);
    await conversation.send(all[0] as string);
    await ann.openRow('olga');
    await ann.shows('Verse 1');
    await ann.page.getByRole('button', { name: 'Cut the connection' }).click();
    await ann.banner.getByText('You cut the connection').waitFor();
    await Promise.all(all.slice(1).map((text) => conversation.send(text)));
    await ann.page.getByRole('button', { name: 'Restore it' }).click();
    await ann.message('Verse 260').waitFor();
    await until('all are loaded', async () => {
      await ann.page.locator('.scroller').evaluate((box) => box.scrollTo(0, 0));
      return (await ann.texts()).length >= all.length;
    });
    expect(await ann.texts()).toEqual(all);
  });

  it('says so where messages cannot be loaded without it', async () => {
    const [ann, tom] = await Promise.all([stage.open('thea'), stage.online('tom')]);
    const conversation = await tom.conversations.create({ members: ['thea'], unique: true });
    await conversation.send('Written before');
    await ann.row('tom').waitFor();
    await ann.page.getByRole('button', { name: 'Cut the connection' }).click();
    await ann.banner.getByText('You cut the connection').waitFor();
    await ann.openRow('tom');
    await ann.page.getByText('Messages are loaded when the connection is back.').waitFor();
    await ann.page.getByRole('button', { name: 'Restore it' }).click();
    await ann.shows('Written before');
    await ann.page.getByText('Messages are loaded').waitFor({ state: 'detached' });
  });

  it('keeps unsent messages over a reload of the page', async () => {
    const [ann, bob] = await Promise.all([stage.open('jana'), stage.open('jens')]);
    await ann.create('One person', { 'Write to': 'jens' });
    await bob.openRow('jana');
    await ann.page.getByRole('button', { name: 'Cut the connection' }).click();
    await ann.banner.getByText('You cut the connection').waitFor();
    await bob.page.locator('.conversation .title').getByText('offline').waitFor();
    await ann.say('still here after a reload');
    await ann.sent('still here', 'queued').waitFor();
    await ann.page.reload();
    await bob.page.locator('.conversation .title').getByText('online').waitFor();
    await bob.shows('still here after a reload');
    await ann.shows('still here after a reload');
  });
});
