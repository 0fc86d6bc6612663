import { type App, presets } from '@hongyan/apps';
import {
  type CloseOrder,
  type OpenSession,
  asAppId,
  asClientId,
  asSessionId,
  asTenantId,
} from '@hongyan/protocol';
import { banClient, unbanClient } from './ban-client.js';
import { kickClient } from './kick-client.js';
import type { Revocation, RevocationStore } from './ports.js';
import { RevocationList } from './revocation-list.js';

const alice = asClientId('alice');
const appOf = (id: string): App => ({
  id: asAppId(id),
  tenant: asTenantId('t'),
  name: id,
  preset: 'native',
  enabled: true,
  ...presets.native,
  appKey: { current: 'k' },
  masterKey: { current: 'm' },
  createdAt: 0,
  updatedAt: 0,
});
const [red, blue] = [appOf('red'), appOf('blue')];
const sessionOf = (app: App, session: string, tag?: string): OpenSession => ({
  app: app.id,
  client: alice,
  session: asSessionId(session),
  device: session,
  ...(tag === undefined ? {} : { tag }),
});

function sessions() {
  const log: string[] = [];
  const stored: Revocation[] = [];
  const orders: CloseOrder[] = [];
  const store: RevocationStore = {
    add: (revocation) => {
      log.push('durable');
      stored.push(revocation);
      return Promise.resolve();
    },
    since: () => Promise.resolve({ revocations: [], position: '' }),
    purge: () => Promise.resolve(),
  };
  const open = [sessionOf(red, 'phone', 'mobile'), sessionOf(red, 'desk', 'web')];
  const revocations = new RevocationList(store, { now: () => 1000 });
  const bans = new Map<string, number | null>();
  const enders = {
    revocations,
    close: (order: CloseOrder) => {
      log.push('closed');
      orders.push(order);
    },
    openSessions: () => Promise.resolve(open),
    now: () => 1000,
    bans: {
      setBan: (app: string, client: string, until: number | null) => {
        log.push('ban');
        bans.set(`${app}/${client}`, until);
        return Promise.resolve();
      },
    },
  };
  return { bans, enders, log, orders, revocations };
}

describe('a kick', () => {
  it('is durable before it closes, and of one app only', async () => {
    const { enders, log, orders, revocations } = sessions();
    await kickClient(enders, red, alice, { message: 'bye' });
    expect(log).toEqual(['durable', 'closed']);
    expect(orders).toEqual([{ app: 'red', client: 'alice', reason: 'kicked', message: 'bye' }]);
    expect(() => revocations.check(sessionOf(red, 'phone'), 1000)).toThrow(
      expect.objectContaining({ error: 'kicked' }) as Error,
    );
    expect(() => revocations.check(sessionOf(red, 'phone'), 1001)).not.toThrow();
    expect(() => revocations.check(sessionOf(blue, 'phone'), 1000)).not.toThrow();
  });

  it('of a tag leaves other sessions alone', async () => {
    const { enders, orders, revocations } = sessions();
    await kickClient(enders, red, alice, { tag: 'mobile' });
    expect(orders).toEqual([{ app: 'red', client: 'alice', sessions: ['phone'], reason: 'kicked' }]);
    expect(() => revocations.check(sessionOf(red, 'phone', 'mobile'), 1000)).toThrow();
    expect(() => revocations.check(sessionOf(red, 'desk', 'web'), 1000)).not.toThrow();
  });
});

describe('a ban', () => {
  it('is kept, revokes, and closes, in this order; it can be lifted', async () => {
    const { bans, enders, log, orders } = sessions();
    await banClient(enders, red, alice, { until: 5000 });
    expect(log).toEqual(['ban', 'durable', 'closed']);
    expect(bans.get('red/alice')).toBe(5000);
    expect(orders[0]?.reason).toBe('banned');
    await unbanClient(enders, red, alice);
    expect(bans.get('red/alice')).toBeNull();
  });
});
