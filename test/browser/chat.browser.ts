import { chatStage } from './chat-stage.js';
import type { ChatWindow } from './chat-windows.js';
import { until } from './until.js';

jest.setTimeout(60_000);

const stage = chatStage();

const badge = (window: ChatWindow, title: string) => window.row(title).locator('.badge.unread');

describe('two windows', () => {
  it('asks for a name, and says that two are needed', async () => {
    const ann = await stage.open('ann');
    await ann.page.goto(`${stage.server.url}/sample/`);
    await ann.page.getByRole('heading', { name: 'Hongyan chat' }).waitFor();
    await ann.shoot('welcome');
    await ann.page.getByLabel('Your name').fill('zoe');
    await ann.page.getByRole('button', { name: 'Enter' }).click();
    await ann.page.locator('.sidebar .is-online').waitFor();
    await ann.page.getByText('Nothing here yet').waitFor();
    await ann.shoot('empty');
  });

  it('shows a message in the other window, counts it until it is read, and tells its sender', async () => {
    const ann = await stage.open('ann');
    await ann.create('One person', { 'Write to': 'bob' });
    await ann.say('Are you coming tonight?');
    await ann.sent('Are you coming', 'sent').waitFor();

    const bob = await stage.open('bob', { colorScheme: 'dark' });
    await ann.sent('Are you coming', 'delivered').waitFor();
    expect(await badge(bob, 'ann').textContent()).toBe('1');
    await ann.say('There is cake');
    await ann.say('and a piano');
    await badge(bob, 'ann').filter({ hasText: /^3$/ }).waitFor();
    await bob.page.waitForFunction(() => document.title.startsWith('(3)'));
    await bob.shoot('list-dark');
    await ann.page.locator('.title .is-online').last().waitFor();

    await bob.openRow('ann');
    await bob.shows('Are you coming tonight?', 'There is cake', 'and a piano');
    await badge(bob, 'ann').waitFor({ state: 'detached' });
    await ann.sent('and a piano', 'read').waitFor();
    await ann.sent('Are you coming', 'read').waitFor();

    await bob.input.pressSequentially('Yes, with', { delay: 30 });
    await ann.page.getByText('bob is typing').waitFor();
    await ann.shoot('typing');
    await bob.say('Yes, with pleasure! I finish at seven and take the tram, so do not wait with the soup.');
    await bob.say('Shall I bring something?');
    await ann.message('Shall I bring').waitFor();
    await ann.page.getByText('bob is typing').waitFor({ state: 'detached' });
    await bob.sent('Shall I bring', 'read').waitFor();
    await ann.shoot('one-to-one');
    await bob.shoot('one-to-one-dark');
  });

  it('edits, recalls and answers in both windows', async () => {
    const [ann, bob] = await Promise.all([stage.open('anna'), stage.open('bert')]);
    await ann.create('One person', { 'Write to': 'bert' });
    await ann.say('Lunch at tvelve?');
    await ann.say('I mean it');
    await bob.openRow('anna');
    await bob.message('Lunch at tvelve').waitFor();

    await ann.tool('Lunch at', 'Edit');
    await ann.say('Lunch at twelve?');
    await bob.message('Lunch at twelve?').getByText('edited').waitFor();

    await ann.tool('I mean it', 'Recall');
    await bob.shows('Lunch at twelve?', 'Message recalled');
    await ann.shows('Lunch at twelve?', 'Message recalled');

    await bob.tool('Lunch at', 'Reply');
    await bob.say('Half past, please');
    await ann.message('Half past').locator('.quote').filter({ hasText: 'Lunch at twelve?' }).waitFor();
    await ann.message('Half past').locator('.bubble').hover();
    await ann.shoot('edit-recall-reply');
    expect(await bob.page.title()).not.toContain('(');
  });

  it('takes away in both windows what the app’s server deletes', async () => {
    const [ann, bob] = await Promise.all([stage.open('amy'), stage.open('ben')]);
    await ann.create('One person', { 'Write to': 'ben' });
    await ann.say('Good evening');
    await ann.say('Buy my pills');
    await badge(bob, 'amy').filter({ hasText: /^2$/ }).waitFor();
    const { messages } = await stage.server.rest('GET', '/messages/timeline?limit=1');
    const [{ id, body }] = messages as [{ id: string; body: string }];
    expect(body).toBe('Buy my pills');
    await stage.server.rest('DELETE', `/messages/${id}`);
    await badge(bob, 'amy').filter({ hasText: /^1$/ }).waitFor();
    await bob.row('amy').getByText('Good evening').waitFor();
    await ann.message('Buy my pills').waitFor({ state: 'detached' });
    await bob.openRow('amy');
    await bob.shows('Good evening');
    expect(await bob.message('Buy my pills').count()).toBe(0);
  });

  it('pins, mutes and marks as unread, on all devices of a person', async () => {
    const carol = await stage.online('carla');
    for (const members of [['dora'], ['dora', 'emil']]) {
      const name = members.length > 1 ? { name: 'Choir' } : { unique: true };
      const conversation = await carol.conversations.create({ members, ...name });
      await conversation.send(members.length > 1 ? 'Rehearsal moved to Monday' : 'Hello Dora');
    }
    const dora = await stage.open('dora');
    const second = await stage.open('dora', { colorScheme: 'dark' });
    await dora.choose('carla', 'Pin');
    await second.page
      .locator('.rows li:first-child')
      .getByRole('link', { name: /^carla.*pinned/ })
      .waitFor();
    await dora.choose('Choir', 'Mute');
    await second.page.getByRole('link', { name: /^Choir.*muted/ }).waitFor();
    await dora.openRow('carla');
    await badge(second, 'carla').waitFor({ state: 'detached' });
    await dora.choose('carla', 'Mark as unread');
    await second.row('carla').locator('.badge.marked').waitFor();
    await dora.shoot('list-marks');
  });
});

describe('one window', () => {
  it('can be used without a mouse', async () => {
    const { page } = await stage.open('karla');
    const focused = (): Promise<string | null | undefined> =>
      page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
    await page.getByRole('button', { name: 'New conversation' }).press('Enter');
    await page.keyboard.type('kai');
    await page.keyboard.press('Enter');
    await until('the text box has the focus', async () => (await focused()) === 'Message');
    await page.keyboard.type('one');
    await page.keyboard.press('Enter');
    await page.locator('article[data-state="sent"]').waitFor();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.type('two');
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: /two, edited/ }).waitFor();
    await page.keyboard.press('Shift+Tab');
    expect(await focused()).toMatch(/^You, .*two, edited/);
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Reply');
    await page.keyboard.press('Escape');
    await page.getByText('Choose a conversation').waitFor();
    await page.getByRole('link', { name: /^kai/ }).press('Enter');
    await until('the text box has the focus', async () => (await focused()) === 'Message');
  });
});

describe('a group', () => {
  it('counts who read, marks mentions and manages members', async () => {
    const carol = await stage.online('gina');
    const [ann, bob] = await Promise.all([stage.open('greta'), stage.open('gustav')]);
    await ann.create('Group', { Name: 'Trip to the lake', People: 'gustav, gina' });
    await ann.say('Train at nine, platform four. @gustav you have the tickets?');
    await ann.page.getByText('Delivered to 2 of 2').waitFor();
    await bob.row('Trip to the lake').locator('.badge.mention').waitFor();
    await bob.shoot('mention');
    await bob.openRow('Trip to the lake');
    await ann.page.getByText('Read by 1 of 2').waitFor();
    const [trip] = carol.conversations.loaded;
    await trip?.read();
    await ann.sent('Train at nine', 'read').waitFor();
    await ann.page.getByText('Read by 2 of 2').click();
    await ann.page.getByText('Read by 2', { exact: true }).waitFor();
    await ann.shoot('receipts');
    await ann.page.keyboard.press('Escape');

    await bob.say('In my bag. All four of them.');
    await trip?.send('Wonderful. I bring the boat and three paddles.');
    await ann.message('paddles').waitFor();
    await ann.page.getByRole('button', { name: 'Members' }).click();
    await ann.page.getByLabel('Add people').fill('holger');
    await ann.page.getByRole('button', { name: 'Add', exact: true }).click();
    await ann.page.getByRole('button', { name: 'Remove holger' }).waitFor();
    await ann.shoot('members');
    await ann.page.keyboard.press('Escape');
    await bob.page.getByText('greta added holger').waitFor();
    await bob.page.reload();
    await bob.page.getByText('greta added holger').waitFor();
    await bob.message('paddles').waitFor();
    await bob.shoot('group');
    await ann.input.pressSequentially('See you tomorrow @g');
    await ann.page.getByRole('option', { name: '@gustav' }).waitFor();
    await ann.shoot('mention-offer');
  });

  it('takes a removed member out', async () => {
    const [ann, bob] = await Promise.all([stage.open('ruth'), stage.open('rolf')]);
    await ann.create('Group', { Name: 'Board', People: 'rolf, rosa' });
    await bob.openRow('Board');
    await ann.page.getByRole('button', { name: 'Members' }).click();
    await ann.page.getByRole('button', { name: 'Remove rolf' }).click();
    await bob.row('Board').waitFor({ state: 'detached' });
    await bob.page.getByText('Choose a conversation').waitFor();
  });
});

describe('a room', () => {
  it('is entered by its link and counts who is in', async () => {
    const [ann, bob] = await Promise.all([stage.open('rita'), stage.open('ralf', { colorScheme: 'dark' })]);
    await ann.create('Room', { Name: 'Town square' });
    await ann.say('Anybody here?');
    await ann.sent('Anybody here', 'sent').waitFor();
    await bob.page.goto(ann.page.url().replace('as=rita', 'as=ralf'));
    await bob.shows('Anybody here?');
    await bob.page.getByText('2 people here now').waitFor();
    await ann.page.getByText('2 people here now').waitFor();
    await bob.say('Me, by the fountain');
    await ann.shows('Anybody here?', 'Me, by the fountain');
    await bob.shoot('room-dark');

    await bob.page.getByRole('button', { name: 'Cut the connection' }).click();
    await bob.banner.getByText('You cut the connection').waitFor();
    await ann.say('It begins to rain');
    await ann.sent('It begins', 'sent').waitFor();
    await bob.page.getByRole('button', { name: 'Restore it' }).click();
    await bob.shows('Anybody here?', 'Me, by the fountain', 'It begins to rain');
    await bob.page.goto(`${stage.server.url}/sample/?as=ralf#/`);
    await ann.page.getByText('1 person here now').waitFor();
  });
});

describe('a long history', () => {
  it('is loaded while scrolling up, without a jump', async () => {
    const carol = await stage.online('hilda');
    const conversation = await carol.conversations.create({ members: ['hugo'], unique: true });
    const all = Array.from({ length: 130 }, (_, n) => `Line ${n + 1} of the story`);
    await Promise.all(all.map((text) => conversation.send(text)));
    const bob = await stage.open('hugo');
    expect(await badge(bob, 'hilda').textContent()).toBe('130');
    await bob.openRow('hilda');
    await bob.message('Line 130').waitFor();
    await until('all are loaded', async () => {
      await bob.page.locator('.scroller').evaluate((box) => box.scrollTo(0, 0));
      return (await bob.texts()).length === all.length;
    });
    expect(await bob.texts()).toEqual(all);
    await bob.page.getByRole('button', { name: 'To the newest message' }).click();
    await badge(bob, 'hilda').waitFor({ state: 'detached' });
  });
});

describe('a message that is refused', () => {
  it('says so, and can be deleted', async () => {
    const ann = await stage.open('lena');
    await ann.create('One person', { 'Write to': 'lars' });
    await ann.say(`This is far too long. ${'so '.repeat(21_000)}`);
    await ann.sent('far too long', 'failed').waitFor();
    await ann.page.getByText('Not sent:').scrollIntoViewIfNeeded();
    await ann.shoot('refused');
    await ann.page.getByRole('button', { name: 'Delete' }).click();
    await ann.shows();
  });
});
