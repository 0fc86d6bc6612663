import { chatStage } from './chat-stage.js';
import { phone } from './chat-windows.js';
import { until } from './until.js';

jest.setTimeout(60_000);

const stage = chatStage();

describe('a phone', () => {
  it.each(['light', 'dark'] as const)('shows one thing at a time (%s)', async (colorScheme) => {
    const [me, other] = [`kim-${colorScheme}`, `kurt-${colorScheme}`];
    const carol = await stage.online(other);
    const conversation = await carol.conversations.create({ members: [me], unique: true });
    await conversation.send('The boat is in the water.');
    await conversation.send(
      'Bring a hat, it is going to be hot, and the shade on the island is taken by geese.',
    );
    const kim = await stage.open(me, { ...phone, colorScheme });
    await kim.row(other).waitFor();
    await kim.shoot(`phone-list-${colorScheme}`);
    await kim.openRow(other);
    await kim.say('Which hat?');
    await kim.say('The one with the feather, or the one the geese ate last year?');
    await until('both arrived', () => conversation.lastMessage?.body.startsWith('The one') === true);
    await conversation.read();
    await kim.sent('The one', 'read').waitFor();
    await kim.shoot(`phone-chat-${colorScheme}`);
    expect(await kim.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await kim.page.getByRole('button', { name: 'Back to the list' }).click();
    await kim.row(other).waitFor();
  });

  it('opens the menu of a conversation by a long press', async () => {
    const kurt = await stage.online('kurt');
    const conversation = await kurt.conversations.create({ members: ['kim'], unique: true });
    await conversation.send('Are you in the boat?');
    const kim = await stage.open('kim', phone);
    await kim.row('kurt').waitFor();
    await kim.longPress('kurt');
    await kim.page.getByRole('menuitem', { name: 'Pin' }).tap();
    await kim.page.getByRole('link', { name: /^kurt.*pinned/ }).waitFor();
  });
});
