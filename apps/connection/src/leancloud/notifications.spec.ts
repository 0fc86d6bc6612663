import {
  asAppId,
  asClientId,
  AppError,
  type Args,
  type Caller,
  type EntryView,
  type OperationName,
} from '@hongyan/protocol';
import type { ConnectionParts } from '../connection-parts.js';
import { sampleApp } from '../fixtures.contract.js';
import { notifications } from './notifications.js';
import { ToldLive } from './told-live.js';

const caller: Caller = { app: asAppId('red'), client: asClientId('ann'), server: false };
const entry = { conversation: 'c1', seq: 1, time: 1_000, by: 'bob' };
interface Answer {
  readonly entries: readonly object[];
  readonly until?: number;
  readonly more?: boolean;
}

/** Asks with `start_ts=7`; each page is asked for from where the one before ended. */
async function ask(query: string, pages: readonly Answer[], told?: ToldLive): Promise<object> {
  const asked: unknown[] = [];
  const execute = (_: Caller, name: OperationName, args: unknown): Promise<unknown> => {
    if (name !== 'client.changes') return Promise.reject(new AppError('not_found'));
    const { since, limit } = args as Args<'client.changes'>;
    expect(limit).toBe(100);
    asked.push(since);
    const { entries, until = 5_000, more = false } = pages[asked.length - 1]!;
    return Promise.resolve({ entries, until, more });
  };
  const { limits, ...app } = sampleApp('red');
  const large = { ...app, limits: { ...limits, page: 1_000 } };
  const apps = { known: () => large, find: () => Promise.resolve(large) };
  const parts = { commands: { execute }, apps } as unknown as ConnectionParts;
  const answer = await notifications(parts, caller, new URLSearchParams(query), told);
  expect(asked).toEqual([7, ...pages.map(({ until }) => until)].slice(0, pages.length));
  return answer;
}

const list = 'start_ts=7&notification_type=permanent';
const removed = { ...entry, kind: 'removed', members: ['ann'] };
const silenced = { ...entry, seq: 2, time: 1_000, stamp: 1_001, kind: 'silenced', members: ['cat'] };

describe('missed notifications', () => {
  it('are what would have been pushed, to whom they concern in the second person, by stamp', async () => {
    expect(await ask(list, [{ entries: [removed, silenced], more: true }])).toEqual({
      hasMore: true,
      notifications: [
        { cmd: 'conv', op: 'left', serverTs: 1_000, notificationType: 1, cid: 'c1', initBy: 'bob', udate: expect.any(String) as string },
        expect.objectContaining({ op: 'members_shutuped', serverTs: 1_001, m: ['cat'] }),
      ],
    }); // prettier-ignore
    expect(await ask('start_ts=7', [{ entries: [silenced], more: true }])).toMatchObject({
      permanent: { notifications: [{ op: 'members-shutuped' }] },
      droppable: { invalidLocalConvCache: true, notifications: [] },
    });
  });

  it('leave out updates of conversations that the client may not look at any longer', async () => {
    const updated = { ...entry, kind: 'updated', name: 'n' };
    expect(await ask(list, [{ entries: [updated] }])).toEqual({ hasMore: false, notifications: [] });
  });

  it('are looked for until there is one: from an empty answer that promises more a client cannot go on', async () => {
    const untold = { ...entry, kind: 'updated', name: 'n' };
    const pages = [
      { entries: [untold], until: 900, more: true },
      { entries: [], until: 950, more: true },
      { entries: [removed], until: 1_000, more: true },
    ];
    expect(await ask(list, pages)).toMatchObject({ hasMore: true, notifications: [{ op: 'left' }] });
    expect(await ask(list, [pages[0]!, { entries: [] }])).toEqual({ hasMore: false, notifications: [] });
  });

  it('leave out what the session has been told since it began, where nothing follows', async () => {
    const told = new ToldLive(Date.now());
    told.add(silenced as never);
    expect(await ask(list, [{ entries: [removed, silenced] }], told)).toMatchObject({
      hasMore: false,
      notifications: [{ op: 'left' }],
    });
    const last = { ...removed, seq: 3, time: 1_002 };
    const both = (await ask(list, [{ entries: [silenced, last] }], told)) as { notifications: object[] };
    expect(both.notifications).toHaveLength(2);
    expect(await ask(list, [{ entries: [silenced] }], told)).toEqual({ hasMore: false, notifications: [] });
  });

  it.each(['', 'start_ts=-1', 'start_ts=x', 'start_ts=1.5'])('refuse “%s”', async (query) => {
    await expect(ask(query, [])).rejects.toMatchObject({
      error: 'bad_request',
    });
  });
});

describe('what a session was told', () => {
  const at = (seq: number) => ({ ...entry, seq }) as never as EntryView;

  it('is kept for its first minute, and its first changes', () => {
    const told = new ToldLive(1_000);
    for (let seq = 1; seq <= 300; seq += 1) told.add(at(seq), 2_000);
    expect(told.withoutTail([at(1), at(256)])).toEqual([]);
    expect(told.withoutTail([at(1), at(257)])).toHaveLength(2);
    told.add(at(400), 62_000);
    expect(told.withoutTail([at(1), at(400)])).toHaveLength(2);
  });
});
