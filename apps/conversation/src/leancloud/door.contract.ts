import { createHash } from 'node:crypto';
import type { SessionSink } from '@hongyan/delivery';
import { asAppId, asClientId, asSessionId, asTenantId } from '@hongyan/protocol';
import { openRestDoors } from '../rest-doors.contract.js';
import type { LeanCloudRoute } from './route.js';

/** The REST door on a real store in memory, with apps `red`, `blue` and (three calls a second) `slow`. For specs. */

export const apps = ['red', 'blue', 'slow'] as const;
export const masterKeyOf = (app: string): string => `master-of-${app}`;
export const appKeyOf = (app: string): string => `key-of-${app}`;

/** `<digest of time and key>,<time>[,master]`. */
export function signed(key: string, time: number, role = ''): string {
  return `${createHash('md5').update(`${time}${key}`).digest('hex')},${time}${role}`;
}

export type Headers = Record<string, string>;
export const asMaster = (app = 'red'): Headers => ({
  'X-LC-Id': app,
  'X-LC-Key': `${masterKeyOf(app)},master`,
});
export const asApp = (app = 'red'): Headers => ({ 'X-LC-Id': app, 'X-LC-Key': appKeyOf(app) });

export async function openDoor() {
  const { hub, commands, http, ...doors } = await openRestDoors({
    apps: apps.map((id) => ({
      tenant: asTenantId('t'),
      id: asAppId(id),
      name: id,
      preset: 'leancloud',
      key: appKeyOf(id),
      masterKey: masterKeyOf(id),
      settings: {
        'limits.page': 10,
        'limits.refusedConversations': 3,
        ...(id === 'slow' ? { 'limits.restPerSecond': 3 } : {}),
      },
    })),
    body: { limit: '100kb', strict: false },
  });

  /** Sends a request; `given` goes where the method has its arguments. */
  const send = (method: LeanCloudRoute['method'], path: string, given: object = {}, headers = asMaster()) => {
    const call = http[method](path).set(headers);
    return method === 'get' ? call.query(given) : call.send(given);
  };
  return {
    ...doors,
    http,
    send,
    /** The body of an answer that must be a success. */
    async ok<T = Record<string, unknown>>(
      method: LeanCloudRoute['method'],
      path: string,
      given: object = {},
      headers = asMaster(),
    ): Promise<T> {
      const answer = await send(method, path, given, headers);
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return answer.body as T;
    },
    /** `status code` of a refusal. */
    async refusal(method: LeanCloudRoute['method'], path: string, given: object = {}, headers = asMaster()) {
      const answer = await send(method, path, given, headers);
      const { code, error } = answer.body as { code?: number; error?: string };
      expect(typeof error).toBe('string');
      return `${answer.status} ${code}`;
    },
    /** A client that is online, and what it hears. */
    async online(client: string, of = 'red') {
      const heard: unknown[] = [];
      const session = {
        app: asAppId(of),
        client: asClientId(client),
        session: asSessionId(`s-${client}`),
        device: 'd',
      };
      const sink: SessionSink = {
        session,
        format: { name: 'test', encode: (event) => event },
        write: (event) => heard.push(event),
        close: () => undefined,
      };
      hub.attach(sink);
      await commands.sessionOpened(session);
      const leave = async () => {
        hub.detach(sink);
        await commands.sessionClosed(session, 'logout');
      };
      return { heard, caller: { ...session, server: false }, commands, leave };
    },
  };
}

export type Door = Awaited<ReturnType<typeof openDoor>>;
