import { spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { protocolVersion as served } from '@hongyan/protocol';
import type * as protocol from '@hongyan/protocol';
import type * as published from './operation-types.js';
import { protocolVersion, sdkVersion } from './version.js';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

describe('what is published', () => {
  it('has the words of the protocol', () => {
    const same: [
      Same<protocol.Format, published.Format>,
      Same<protocol.Role, published.Role>,
      Same<protocol.OperationName, published.OperationName>,
    ] = [true, true, true]; // the compiler checks it
    expect(same).not.toContain(false);
    expect(protocolVersion).toBe(served);
  });

  it('has the arguments of every operation as the schemas have them', () => {
    const generate = join(__dirname, '../generate-operation-types.mjs');
    const { status, stderr } = spawnSync(process.execPath, [generate, '--check'], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  }, 60_000);

  it('has the version of its package', () => {
    const { version } = JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8')) as {
      version: string;
    };
    expect(sdkVersion).toBe(version);
  });
});

describe('the bundle', () => {
  const dist = join(__dirname, '../dist');
  const script = join(dist, 'hongyan.iife.js');

  // `npm test` builds first.
  beforeAll(() => {
    if (!existsSync(script)) throw new Error('the SDK is not built: npm run build');
  });

  it('needs nothing of a browser or of Node to be loaded and to begin', () => {
    const bare = join(__dirname, '../test/bare-context.mjs');
    const flags = ['--experimental-vm-modules', '--no-warnings'];
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, bare], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      state: 'connecting',
      pending: 1,
      opened: [expect.stringContaining('ws://im.example.com/')],
      bytes: [1, 2, 3],
    });
  }, 60_000);

  it('is small, and knows nothing of the schemas', () => {
    const bundle = readFileSync(script);
    expect(gzipSync(bundle).length).toBeLessThan(25_000);
    for (const file of ['index.d.ts', 'index.d.cts', 'file.d.ts', 'index.js', 'index.cjs']) {
      expect(readFileSync(join(dist, file), 'utf8')).not.toMatch(/['"](zod|@hongyan\/protocol)['"]/);
    }
  });
});
