import type { JsonObject } from '@hongyan/protocol';
import {
  append,
  change,
  client,
  createdEntry,
  make,
  message,
  newApp,
  newConversationId,
  T0,
} from './fixtures.contract.js';
import type { CoreStores } from './fixtures.contract.js';

/** What every ConversationStore promises, but for queries (conversation-queries.contract.ts). */
export function describeConversationStore(name: string, open: () => Promise<CoreStores>): void {
  describe(`ConversationStore: ${name}`, () => {
    let store: CoreStores;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    describe('create', () => {
      it('makes document, first entry, head and members', async () => {
        const document = {
          ...{ name: 'n', creator: client('ann') },
          ...{ attributes: { a: { b: [1, 'ü', null] } }, columns: { size: { deep: [1] }, ключ: 'ü' } },
        };
        const made = await make(store, {
          members: ['ann', 'bob:manager', 'cid'],
          document,
          now: T0 + 5,
        });
        const loaded = await store.conversations.load(made.app, made.id);
        expect(loaded).toMatchObject({
          conversation: {
            id: made.id,
            kind: 'ordinary',
            frozen: false,
            createdAt: T0 + 5,
            updatedAt: T0 + 5,
            ...document,
          },
          head: { last: 1, lastTime: T0 + 5, count: 0, lastMessageSeq: 0, floor: 0, origin: 0 },
          silences: [],
          blocked: [],
        });
        expect(loaded?.head).toEqual(made.head);
        const members = [...(loaded?.members ?? [])].sort((a, b) => (a.client < b.client ? -1 : 1));
        const cursors = { joinedSeq: 1, joinedAt: T0 + 5, readSeq: 0, deliveredSeq: 0 };
        expect(members).toEqual([
          { client: 'ann', role: 'owner', ...cursors },
          { client: 'bob', role: 'manager', ...cursors },
          { client: 'cid', role: 'member', ...cursors },
        ]);
      });

      it('keeps every optional field of the document, and leaves absent ones out', async () => {
        const parent = await make(store, {
          members: [],
          document: { kind: 'system', audience: 'subscribers' },
        });
        const document = {
          kind: 'thread',
          parent: parent.id,
          expiresAt: T0 + 9,
          uniqueKey: `${parent.id}:ann`,
        } as const;
        const made = await make(store, { app: parent.app, members: ['ann'], document });
        const loaded = await store.conversations.load(made.app, made.id);
        expect(loaded?.conversation).toEqual({
          id: made.id,
          attributes: {},
          frozen: false,
          createdAt: T0,
          updatedAt: T0,
          ...document,
        });
        expect((await store.conversations.load(parent.app, parent.id))?.conversation.audience).toBe(
          'subscribers',
        );
      });

      it('loads of a room who has a role, given and taken away by entries, and no guests', async () => {
        const made = await make(store, { members: ['ann'], document: { kind: 'room' } });
        const [bob, cid] = [client('bob'), client('cid')];
        const roles = async () => {
          const [loaded] = [await store.conversations.load(made.app, made.id)];
          const [found] = await store.conversations.find(made.app, [made.id]);
          const rows = (loaded?.members ?? []).map(({ client: id, role }) => `${id} ${role}`).sort();
          return [...rows, found?.memberCount];
        };
        await store.members.ensure(made.app, made.id, bob, 'guest', 1);
        await store.members.ensure(made.app, made.id, cid, 'guest', 1);
        expect(await roles()).toEqual(['ann owner', 1]);
        const role = (member: typeof bob, more: object) =>
          append(store, made, [change('ann', { kind: 'role', member, role: 'manager', ...more })]);
        await role(bob, { row: 'in' });
        expect(await roles()).toEqual(['ann owner', 'bob manager', 2]);
        await role(bob, { role: 'owner', former: client('ann') });
        expect(await roles()).toEqual(['ann manager', 'bob owner', 2]);
        await role(client('ann'), { role: 'member', row: 'out' });
        expect(await roles()).toEqual(['bob owner', 1]);
      });

      it('answers with what is there when the id is in use', async () => {
        const made = await make(store);
        await append(store, made, [message('ann', 'a')]);
        const again = await store.conversations.create(
          made.app,
          createdEntry({ id: made.id, members: ['eve'] }),
          T0,
        );
        expect(again).toMatchObject({ created: false, id: made.id, head: { last: 2 } });
        expect((await store.conversations.load(made.app, made.id))?.members).toHaveLength(2);
      });

      it('gives one conversation per unique key, to concurrent callers too', async () => {
        const app = newApp();
        const document = { uniqueKey: 'k1' };
        const answers = await Promise.all(
          Array.from({ length: 8 }, () => store.conversations.create(app, createdEntry({ document }), T0)),
        );
        expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
        expect(answers.filter(({ created }) => created)).toHaveLength(1);
        expect(await store.conversations.byUniqueKey(app, 'k1')).toBe(answers[0]?.id);
        expect(await store.conversations.byUniqueKey(app, 'k2')).toBeUndefined();
        expect(await store.conversations.byUniqueKey(newApp(), 'k1')).toBeUndefined();
        const other = await store.conversations.create(
          newApp(),
          createdEntry({ id: answers[0]?.id, document }),
          T0,
        );
        expect(other.created).toBe(true);
      });

      it('frees a unique key by detachment and by deletion, never an id', async () => {
        const app = newApp();
        const document = { uniqueKey: 'k' };
        const first = await make(store, { app, document });
        await append(store, first, [
          change('ann', { kind: 'added', members: [client('eve')], detach: true }),
        ]);
        expect((await store.conversations.load(app, first.id))?.conversation).not.toHaveProperty('uniqueKey');
        const second = await make(store, { app, document });
        expect(second.id).not.toBe(first.id);
        await append(store, second, [change('ann', { kind: 'deleted' })]);
        expect(await store.conversations.byUniqueKey(app, 'k')).toBeUndefined();
        const third = await make(store, { app, document });
        expect(third.id).not.toBe(second.id);
        expect(await store.conversations.create(app, createdEntry({ id: second.id }), T0)).toMatchObject({
          created: false,
          id: second.id,
        });
      });
    });

    describe('projections', () => {
      it('follow name, attributes, freeze and deletion', async () => {
        const made = await make(store, { document: { name: 'old', attributes: { a: 1, b: 2 } } });
        await append(
          store,
          made,
          [
            change('ann', {
              kind: 'updated',
              name: 'new',
              attributes: { b: 2 },
              changed: { a: null },
              frozen: true,
            }),
          ],
          T0 + 10,
        );
        await append(store, made, [change('ann', { kind: 'updated', frozen: false, changed: {} })], T0 + 20);
        expect((await store.conversations.load(made.app, made.id))?.conversation).toMatchObject({
          name: 'new',
          attributes: { b: 2 },
          frozen: false,
          createdAt: T0,
          updatedAt: T0 + 20,
        });
        expect((await store.conversations.load(made.app, made.id))?.conversation).not.toHaveProperty(
          'columns',
        );
        for (const columns of [{ size: 1, gone: 2 }, { size: 1 }] as JsonObject[])
          await append(
            store,
            made,
            [change('ann', { kind: 'updated', columns, changedColumns: {} })],
            T0 + 21,
          );
        expect((await store.conversations.load(made.app, made.id))?.conversation).toMatchObject({
          attributes: { b: 2 },
          columns: { size: 1 },
        });
        const [bob, cid] = [client('bob'), client('cid')];
        const changes = [
          { kind: 'added', members: [bob] },
          { kind: 'joined', member: cid },
          { kind: 'left', member: cid },
          { kind: 'removed', members: [bob] },
          { kind: 'blocked', members: [bob], removed: [] },
        ] as const;
        for (const [at, payload] of changes.entries()) {
          await append(store, made, [change('ann', payload)], T0 + 100 + 10 * at);
          const loaded = await store.conversations.load(made.app, made.id);
          expect(loaded?.conversation.updatedAt).toBe(T0 + 100 + 10 * at);
        }
        await append(store, made, [message('ann', 'changes it not')], T0 + 150);
        expect((await store.conversations.load(made.app, made.id))?.conversation.updatedAt).toBe(T0 + 140);
        await append(store, made, [change('ann', { kind: 'deleted' })], T0 + 160);
        expect((await store.conversations.load(made.app, made.id))?.conversation.deletedAt).toBe(T0 + 160);
      });

      it('follow joins, leaves, roles, silences and blocks', async () => {
        const made = await make(store, { members: ['ann', 'bob', 'cid'] });
        const apply = async (...entries: Parameters<typeof append>[2]) => {
          await append(store, made, entries);
          const loaded = await store.conversations.load(made.app, made.id);
          const members = loaded?.members.map(({ client: id, role, joinedSeq, readSeq }) =>
            [id, role, joinedSeq, readSeq].join(' '),
          );
          return {
            members: members?.sort(),
            silences: [...(loaded?.silences ?? [])],
            blocked: [...(loaded?.blocked ?? [])].sort(),
          };
        };
        const after2 = await apply(change('ann', { kind: 'added', members: [client('dan'), client('eve')] }));
        expect(after2.members).toEqual([
          'ann owner 1 0',
          'bob member 1 0',
          'cid member 1 0',
          'dan member 2 2',
          'eve member 2 2',
        ]);
        const after4 = await apply(
          change('ann', { kind: 'left', member: client('ann'), owner: client('bob') }),
          change('bob', { kind: 'removed', members: [client('eve')] }),
        );
        expect(after4.members).toEqual(['bob owner 1 0', 'cid member 1 0', 'dan member 2 2']);
        const after6 = await apply(
          change('bob', {
            kind: 'role',
            member: client('cid'),
            role: 'owner',
            former: client('bob'),
          }),
          change('eve', { kind: 'joined', member: client('eve') }),
        );
        expect(after6.members).toEqual([
          'bob manager 1 0',
          'cid owner 1 0',
          'dan member 2 2',
          'eve member 6 6',
        ]);
        const after9 = await apply(
          change('', { kind: 'silenced', members: [client('dan'), client('zoe')], until: T0 + 99 }),
          change('', { kind: 'silenced', members: [client('dan')] }),
          change('', {
            kind: 'blocked',
            members: [client('bob'), client('zoe')],
            removed: [client('bob')],
          }),
        );
        expect(after9.members).toEqual(['cid owner 1 0', 'dan member 2 2', 'eve member 6 6']);
        expect(after9.silences).toEqual(
          expect.arrayContaining([{ client: 'dan' }, { client: 'zoe', until: T0 + 99 }]),
        );
        expect(after9.blocked).toEqual(['bob', 'zoe']);
        const last = await apply(
          change('', { kind: 'unsilenced', members: [client('dan'), client('zoe')] }),
          change('', { kind: 'unblocked', members: [client('bob'), client('zoe')] }),
        );
        expect(last).toMatchObject({ silences: [], blocked: [] });
      });

      it('leave the subscribers of a system conversation out of what is loaded', async () => {
        const made = await make(store, { members: [], document: { kind: 'system' } });
        await append(store, made, [change('ann', { kind: 'joined', member: client('ann') })]);
        expect((await store.conversations.load(made.app, made.id))?.members).toEqual([]);
        expect(await store.members.among(made.app, made.id, [client('ann'), client('bob')])).toEqual(['ann']);
        expect(await store.conversations.find(made.app, [made.id])).toMatchObject([{ memberCount: 1 }]);
      });
    });

    it('finds living conversations with head, member count and last message', async () => {
      const app = newApp();
      const [one, two, gone] = [
        await make(store, { app }),
        await make(store, { app, members: ['ann', 'bob', 'cid'] }),
        await make(store, { app }),
      ];
      await append(store, two, [
        message('ann', 'hi'),
        change('cid', { kind: 'left', member: client('cid') }),
      ]);
      await append(store, gone, [change('ann', { kind: 'deleted' })]);
      const found = await store.conversations.find(app, [two.id, newConversationId(), gone.id, one.id]);
      expect(found).toMatchObject([
        {
          conversation: { id: two.id },
          head: { last: 3, lastMessageSeq: 2 },
          memberCount: 2,
          lastMessage: { payload: { body: 'hi' } },
        },
        { conversation: { id: one.id }, head: { last: 1 }, memberCount: 2 },
      ]);
      expect(found[1]).not.toHaveProperty('lastMessage');
      expect(await store.conversations.find(newApp(), [one.id, two.id])).toEqual([]);
      expect(await store.conversations.load(newApp(), one.id)).toBeUndefined();
    });

    it('knows the system conversations of everybody', async () => {
      const app = newApp();
      const system = (audience: 'subscribers' | 'everyone') =>
        make(store, { app, members: [], document: { kind: 'system', audience } });
      const [all, gone] = [await system('everyone'), await system('everyone')];
      await system('subscribers');
      await append(store, gone, [change('', { kind: 'deleted' })]);
      expect(await store.conversations.everyone(app)).toEqual([all.id]);
      expect(await store.conversations.everyone(newApp())).toEqual([]);
    });
  });
}
