import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate, trust } from '../e2e/certificates.js';
import { type CompatApp, type CompatServer, startCompatServer } from './compat-server.js';
import { closeDevices, device, type Device, endTimers, type IMClient, trackTimers } from './devices.js';
import { watchScenarios } from './exercise.js';
import { type SdkVersion, sdkVersions } from './sdk-surface.js';

/** What the scenarios of one version of the SDK share: a server, an app, and names that no other test has. */
export interface Suite {
  readonly version: SdkVersion;
  readonly server: CompatServer;
  readonly app: CompatApp;
  /** A device of this version, in the suite's app if not in another. */
  device(options?: Record<string, unknown>, app?: CompatApp): Device;
  /** As many names of their own. */
  names(...names: string[]): string[];
  /** So many clients, each on a device of its own. */
  clients(...names: string[]): Promise<Person[]>;
}

export interface Person {
  readonly device: Device;
  readonly client: IMClient;
  readonly sdk: Device['sdk'];
}

/** Describes the same scenarios for each version; `title` says whose they are. */
export function describeSdk(title: string, scenarios: (suite: Suite) => void): void {
  trackTimers();
  watchScenarios();
  // The SDK warns of what it expects, such as a lost connection.
  beforeAll(() => void jest.spyOn(console, 'warn').mockImplementation(() => undefined));
  describe.each([...sdkVersions])(`${title} of SDK %i`, (version) => scenarios(openSuite(version)));
  afterAll(endTimers);
}

/**
 * The server has a certificate for version 4, which insists on https. Hooks end clients and server whatever becomes of
 * the tests.
 */
function openSuite(version: SdkVersion): Suite {
  let server: CompatServer | undefined;
  let app: CompatApp | undefined;
  let folder: string | undefined;
  let nth = 0;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hongyan-compat-tls-'));
    server = await startCompatServer(version === 4 ? secure(folder) : {});
    app = await server.app();
  });
  afterEach(closeDevices);
  afterAll(async () => {
    await server?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  const suite: Suite = {
    version,
    get server() {
      return server!;
    },
    get app() {
      return app!;
    },
    device: (options = {}, other = suite.app) =>
      device(suite.server, other, { ...address(suite.server.url, version), ...options }, version),
    names(...names) {
      nth += 1;
      return names.map((name) => `${name}-${nth}`);
    },
    clients: (...names) =>
      Promise.all(
        suite.names(...names).map(async (name) => {
          const made = suite.device();
          return { device: made, client: await made.login(name), sdk: made.sdk };
        }),
      ),
  };
  return suite;
}

function secure(folder: string): Record<string, string> {
  const certificate = makeCertificate(folder, 'compat');
  trust(certificate);
  return { HONGYAN_TLS_CERT: certificate.cert, HONGYAN_TLS_KEY: certificate.key };
}

/** Version 4 puts https before whatever it is given; a server elsewhere without TLS gets its sockets only. */
function address(url: string, version: SdkVersion): Record<string, string> {
  if (version === 5) return { server: url };
  const { host, protocol } = new URL(url);
  return protocol === 'https:' ? { server: host } : { server: host, RTMServers: `ws://${host}` };
}
