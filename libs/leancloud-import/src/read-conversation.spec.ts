import { readConversation } from './read-conversation.js';

const row = (more: object) => ({
  objectId: 'c'.repeat(24),
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-02T00:00:00.000Z',
  ...more,
});
const now = Date.UTC(2026, 5, 1);
const read = (rows: object[], roles: object[] = [], mostMembers = 4, known?: object) =>
  readConversation(
    {
      conversations: rows as Record<string, unknown>[],
      roles: roles as Record<string, unknown>[],
      silenced: [],
      blocked: [],
      known: known as Record<string, unknown> | undefined,
    },
    now,
    mostMembers,
  );

it('takes as many members as the app allows, those with a role first, and names who is left out', () => {
  const m = ['a', 'b', 'c', 'd', 'boss', 'owner', 'e'];
  const { item, notes } = read([row({ m, c: 'owner' })], [{ clientId: 'boss', role: 'Manager' }]);
  expect(item!.members.map(({ client, role }) => `${client} ${role}`)).toEqual([
    'boss manager',
    'owner owner',
    'a member',
    'b member',
  ]);
  expect(notes).toEqual(
    ['c', 'd', 'e'].map(
      (name) => `the member "${name}" was left out: there are 4 already, and limits.members is no more`,
    ),
  );
  expect(read([row({ m, c: 'owner' })], [], 10_000)).toMatchObject({ notes: [] });
});

it('tells who muted it since the row that was taken before, and who no longer does', () => {
  const [before, between, after] = [
    row({ m: ['a', 'b'], mu: ['a'] }),
    row({ m: ['a', 'b'], mu: [] }),
    row({ m: ['a', 'b'], mu: ['b'] }),
  ];
  expect(read([before, between, after], [], 4, before).item!.mutes).toEqual({ muted: ['b'], unmuted: ['a'] });
  // Taken for the first time, or not changed since.
  expect(read([before, after]).item!.mutes).toBeUndefined();
  expect(read([before, after], [], 4, after).item!.mutes).toBeUndefined();
});
