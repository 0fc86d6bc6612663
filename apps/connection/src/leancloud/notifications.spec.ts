import { asAppId, asClientId, AppError, type Caller, type OperationName } from '@hongyan/protocol';
import type { ConnectionParts } from '../connection-parts.js';
import { sampleApp } from '../fixtures.contract.js';
import { notifications } from './notifications.js';

const caller: Caller = { app: asAppId('red'), client: asClientId('ann'), server: false };
const entry = { conversation: 'c1', seq: 1, time: 1_000, by: 'bob' };

async function ask(query: string, entries: object[], more = false): Promise<object> {
  const asked: unknown[] = [];
  const execute = (_: Caller, name: OperationName, args: unknown): Promise<unknown> => {
    asked.push([name, args]);
    if (name === 'client.changes') return Promise.resolve({ entries, more });
    return Promise.reject(new AppError('not_found'));
  };
  const apps = { known: () => sampleApp('red'), find: () => Promise.resolve(sampleApp('red')) };
  const parts = { commands: { execute }, apps } as unknown as ConnectionParts;
  const answer = await notifications(parts, caller, new URLSearchParams(query));
  expect(asked[0]).toEqual(['client.changes', { since: 7, limit: 100 }]);
  return answer;
}

describe('missed notifications', () => {
  it('are what would have been pushed, to whom they concern in the second person', async () => {
    const removed = { ...entry, kind: 'removed', members: ['ann'] };
    const silenced = { ...entry, time: 1_001, kind: 'silenced', members: ['cat'] };
    expect(await ask('start_ts=7&notification_type=permanent', [removed, silenced], true)).toEqual({
      hasMore: true,
      notifications: [
        { cmd: 'conv', op: 'left', serverTs: 1_000, notificationType: 1, cid: 'c1', initBy: 'bob', udate: expect.any(String) as string },
        expect.objectContaining({ op: 'members_shutuped', serverTs: 1_001, m: ['cat'] }),
      ],
    }); // prettier-ignore
    expect(await ask('start_ts=7', [silenced], true)).toMatchObject({
      permanent: { notifications: [{ op: 'members-shutuped' }] },
      droppable: { invalidLocalConvCache: true, notifications: [] },
    });
  });

  it('leave out updates of conversations that the client may not look at any longer', async () => {
    const updated = { ...entry, kind: 'updated', name: 'n' };
    expect(await ask('start_ts=7&notification_type=permanent', [updated])).toEqual({
      hasMore: false,
      notifications: [],
    });
  });

  it.each(['', 'start_ts=-1', 'start_ts=x', 'start_ts=1.5'])('refuse “%s”', async (query) => {
    await expect(ask(query, [])).rejects.toMatchObject({
      error: 'bad_request',
    });
  });
});
