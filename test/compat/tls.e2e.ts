/* eslint-disable @typescript-eslint/no-unsafe-call -- the types that the SDK ships leave much of it any */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate, trust } from '../e2e/certificates.js';
import {
  type CompatApp,
  type CompatServer,
  describeUnless,
  notOurs,
  startCompatServer,
} from './compat-server.js';
import { closeDevices, device, eventually, next } from './devices.js';

/** A server with a certificate: version 4 of the SDK, which insists on https, is told nothing but its address. */

let folder: string;
let server: CompatServer;
let app: CompatApp;

describeUnless(notOurs, 'a server with a certificate', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hongyan-compat-tls-'));
    const certificate = makeCertificate(folder, 'compat');
    trust(certificate);
    server = await startCompatServer({
      HONGYAN_TLS_CERT: certificate.cert,
      HONGYAN_TLS_KEY: certificate.key,
    });
    app = await server.app();
  });
  afterEach(closeDevices);
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  type Info = { memberId: string; role: string };

  /** The address as each version wants it. */
  const address = (version: 4 | 5) => (version === 4 ? new URL(server.url).host : server.url);
  const deviceOf = (version: 4 | 5, options: Record<string, unknown> = {}) =>
    device(server, app, { server: address(version), ...options }, version);

  describe.each([4, 5] as const)('SDK %i over https and wss', (version) => {
    it.each([[{}], [{ noBinary: true }]])('finds its server and talks, with %j', async (options) => {
      const [one, two] = [deviceOf(version, options), deviceOf(version, options)];
      const [tom, jerry] = [await one.login('tom'), await two.login('jerry')];
      const conversation = await tom.createConversation({ members: [jerry.id], name: 'over TLS' });
      const got = next<[{ text: string }]>(jerry, one.sdk.Event.MESSAGE);
      await conversation.send(new one.sdk.TextMessage('hello'));
      expect((await got)[0].text).toBe('hello');
      const history = await conversation.queryMessages({ limit: 1 });
      expect(history).toHaveLength(1);
    });

    it('asks by REST: member roles, and what it missed while its connection was lost', async () => {
      const [one, two] = [deviceOf(version), deviceOf(version)];
      const [ann, bob] = [await one.login('ann'), await two.login('bob')];
      const conversation = await ann.createConversation({ members: [bob.id] });
      await conversation.updateMemberRole(bob.id, one.sdk.ConversationMemberRole.MANAGER);
      await eventually(async () => {
        const infos = (await conversation.getAllMemberInfo({ noCache: true })) as Info[];
        expect(infos.map(({ memberId, role }) => [memberId, role]).sort()).toEqual([
          ['ann', 'Owner'],
          ['bob', 'Manager'],
        ]);
      });
      const back = next(bob, two.sdk.Event.RECONNECT, undefined, 10_000);
      await two.cut();
      await back;
      const got = next<[{ text: string }]>(bob, one.sdk.Event.MESSAGE);
      await conversation.send(new one.sdk.TextMessage('again'));
      expect((await got)[0].text).toBe('again');
    });
  });
});
