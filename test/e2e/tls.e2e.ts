import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { HongyanClient } from '@hongyan/sdk';
import { makeCertificate, openssl, trust, type CertificateFiles } from './certificates.js';
import { freePort, runCli, TestServer, until } from './server.js';

/** The port speaks TLS with the operator's certificate: every door, the sample, renewal, and clear refusals. */

let folder: string;
let own: CertificateFiles;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongyan-tls-'));
  own = makeCertificate(folder, 'own');
  trust(own);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const withTls = ({ cert, key }: CertificateFiles, port?: number): Promise<TestServer> =>
  TestServer.start({
    env: { HONGYAN_TLS_CERT: cert, HONGYAN_TLS_KEY: key, HONGYAN_LOG_LEVEL: 'info' },
    ...(port === undefined ? {} : { port }),
  });

/** The certificate that a new connection is shown. */
function shown(port: number): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      resolve(new X509Certificate(raw));
    });
    socket.once('error', reject);
  });
}

describe('a port with a certificate', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await withTls(own);
  });
  afterAll(() => server.close());

  it('serves REST, operators and the sample', async () => {
    expect(server.url).toMatch(/^https:/);
    const app = await server.createApp({}, { id: 'demo' });
    const made = await server.rest(app, 'POST', '/conversations', { members: ['ann', 'bob'] });
    expect(made.status).toBe(200);
    expect((await server.request('GET', '/sample/', undefined)).text).toContain('<html');
    expect(await (await fetch(`${server.url}/sample/config.json`)).json()).toEqual({ appId: 'demo' });
  });

  it('serves the native door', async () => {
    const app = await server.createApp();
    const clients = ['ann', 'bob'].map(
      (clientId) => new HongyanClient({ url: server.url, appId: app.id, credentials: { clientId } }),
    );
    const [ann, bob] = clients as [HongyanClient, HongyanClient];
    try {
      await Promise.all([ann.connect(), bob.connect()]);
      const got = new Promise<unknown>((resolve) =>
        bob.on('message', ({ message }) => resolve(message.body)),
      );
      const chat = await ann.conversations.create({ members: ['bob'] });
      await chat.send('over TLS');
      expect(await got).toBe('over TLS');
    } finally {
      for (const client of clients) await client.close();
    }
  });

  it('sends LeanCloud’s clients to wss', async () => {
    const app = await server.createApp({}, { preset: 'leancloud' });
    const route = (await (await fetch(`${server.url}/v1/route?appId=${app.id}`)).json()) as object;
    expect(route).toMatchObject({ server: `wss://127.0.0.1:${server.port}/` });
  });

  it('is found by the command line, whatever name is in the certificate', async () => {
    const { status, output } = await runCli(['app', 'list', '--data', server.folder]);
    expect({ status, output }).toMatchObject({
      status: 0,
      output: expect.stringContaining('demo') as string,
    });
  });

  it('refuses what is no TLS, and goes on', async () => {
    await expect(fetch(`http://127.0.0.1:${server.port}/health/live`)).rejects.toThrow();
    expect((await server.request('GET', '/health/ready', undefined)).status).toBe(200);
  });
});

it('shows a renewed certificate to new connections, and keeps the old one while the files do not fit', async () => {
  const files = { cert: join(folder, 'live.crt'), key: join(folder, 'live.key') };
  copyFileSync(own.cert, files.cert);
  copyFileSync(own.key, files.key);
  const renewed = makeCertificate(folder, 'renewed');
  trust(renewed);
  const server = await withTls(files);
  try {
    expect((await shown(server.port)).subject).toBe('CN=own');
    const open = keptOpen(server.port);
    await open.ask();
    copyFileSync(renewed.cert, files.cert);
    await until(() => server.output.includes('certificate_not_renewed'), 'the half of a pair is told of');
    expect((await shown(server.port)).subject).toBe('CN=own');
    copyFileSync(renewed.key, files.key);
    await until(async () => (await shown(server.port)).subject === 'CN=renewed', 'the new one is shown');
    expect(await open.ask()).toBe('CN=own');
    open.close();
    expect((await server.request('GET', '/health/ready', undefined)).status).toBe(200);
  } finally {
    await server.close();
  }
});

/** One connection that is used again and again. */
function keptOpen(port: number): { ask(): Promise<string>; close(): void } {
  const socket = connect({ port, host: '127.0.0.1' });
  return {
    ask: () =>
      new Promise((resolve, reject) => {
        const asked = request(
          { createConnection: () => socket, path: '/health/live', headers: { connection: 'keep-alive' } },
          (response) => {
            response.resume();
            response.once('end', () => resolve(new X509Certificate(socket.getPeerCertificate().raw).subject));
          },
        );
        asked.once('error', reject);
        asked.end();
      }),
    close: () => socket.destroy(),
  };
}

describe('files that do not serve are one line and no start', () => {
  const cases: [string, () => Promise<string[]> | string[], RegExp][] = [
    ['no key', () => ['--tls-cert', own.cert], /certificate alone is not enough: give --tls-key/],
    ['no certificate', () => ['--tls-key', own.key], /private key alone is not enough: give --tls-cert/],
    [
      'missing file',
      () => pair({ cert: '/nowhere.crt' }),
      /certificate \/nowhere\.crt cannot be read \(ENOENT\)/,
    ],
    ['no PEM', () => pair({ cert: written('text.crt', 'text') }), /text\.crt is not a certificate in PEM/],
    [
      'no key in PEM',
      () => pair({ key: written('text.key', 'text') }),
      /text\.key is not a private key in PEM/,
    ],
    [
      'another key',
      () => pair({ key: makeCertificate(folder, 'other').key }),
      /is not the one of the certificate/,
    ],
    ['passphrase', () => pair({ key: encrypted() }), /has a passphrase: store it without/],
  ];
  const pair = ({ cert, key }: Partial<CertificateFiles>): string[] => [
    ...['--tls-cert', cert ?? own.cert],
    ...['--tls-key', key ?? own.key],
  ];
  const written = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const encrypted = (): string => {
    const file = join(folder, 'sealed.key');
    openssl('pkcs8', '-topk8', '-in', own.key, '-out', file, '-passout', 'pass:secret');
    return file;
  };

  it.each(cases)('%s', async (_, options, reason) => {
    const port = String(await freePort());
    const data = join(folder, 'data');
    const { status, output } = await runCli(['serve', '--data', data, '--port', port, ...(await options())]);
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(output).toMatch(reason);
    expect(status).toBe(1);
  });
});
