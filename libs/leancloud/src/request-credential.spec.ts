import { createHash } from 'node:crypto';
import { provesKey, requestCredentialOf, requestSignLifeMs } from './request-credential.js';

const now = 1_760_000_000_000;
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const proves = (headers: Record<string, string>, keys: string[], at = now): boolean | undefined => {
  const credential = requestCredentialOf({ 'x-lc-id': 'app', ...headers });
  return credential === undefined ? undefined : provesKey(credential, keys, at);
};

describe('a credential', () => {
  it('is a key, or the master key when it says so', () => {
    expect(requestCredentialOf({ 'x-lc-id': 'app', 'x-lc-key': 'k' })).toEqual({
      app: 'app',
      kind: 'key',
      key: 'k',
      master: false,
    });
    expect(requestCredentialOf({ 'x-lc-id': 'app', 'x-lc-key': 'k,master' })).toMatchObject({
      key: 'k',
      master: true,
    });
    expect(proves({ 'x-lc-key': 'k' }, ['old', 'k'])).toBe(true);
    expect(proves({ 'x-lc-key': 'K' }, ['k'])).toBe(false);
    expect(proves({ 'x-lc-key': 'k' }, [])).toBe(false);
  });

  it('is a digest of a time and a key', () => {
    const sign = (key: string, time = now, role = '') => ({
      'x-lc-sign': `${md5(`${time}${key}`)},${time}${role}`,
    });
    expect(proves(sign('k'), ['k'])).toBe(true);
    expect(proves(sign('m', now, ',master'), ['m'])).toBe(true);
    expect(requestCredentialOf({ 'x-lc-id': 'app', ...sign('m', now, ',master') })?.master).toBe(true);
    expect(proves(sign('k', now / 1000), ['k'])).toBe(true);
    expect(proves(sign('wrong'), ['k'])).toBe(false);
  });

  it('is over after six hours, and not yet good six hours before', () => {
    const headers = { 'x-lc-sign': `${md5(`${now}k`)},${now}` };
    expect(proves(headers, ['k'], now + requestSignLifeMs)).toBe(true);
    expect(proves(headers, ['k'], now + requestSignLifeMs + 1)).toBe(false);
    expect(proves(headers, ['k'], now - requestSignLifeMs - 1)).toBe(false);
  });

  it.each([
    ['no app', { 'x-lc-id': '', 'x-lc-key': 'k' }],
    ['an endless app id', { 'x-lc-id': 'a'.repeat(65), 'x-lc-key': 'k' }],
    ['no key', {}],
    ['a digest in capitals', { 'x-lc-sign': `${md5(`${now}k`).toUpperCase()},${now}` }],
    ['a digest without a time', { 'x-lc-sign': md5(`${now}k`) }],
    ['a digest of another role', { 'x-lc-sign': `${md5(`${now}k`)},${now},root` }],
    ['more than a digest', { 'x-lc-sign': `${md5(`${now}k`)},${now},master,x` }],
  ])('is not there: %s', (_, headers: Record<string, string>) => {
    expect(proves(headers, ['k'])).toBeUndefined();
  });

  it('may have the names of older SDKs', () => {
    const app = { 'x-lc-id': undefined, 'x-avoscloud-application-id': 'app' };
    expect(requestCredentialOf({ ...app, 'x-avoscloud-application-key': 'k' })).toMatchObject({
      key: 'k',
      master: false,
    });
    expect(requestCredentialOf({ ...app, 'x-avoscloud-master-key': 'm' })).toMatchObject({
      key: 'm',
      master: true,
    });
    expect(requestCredentialOf({ ...app, 'x-avoscloud-request-sign': `${md5('1760000000000m')},1760000000000,master` }))
      .toMatchObject({ kind: 'sign', master: true }); // prettier-ignore
    expect(
      requestCredentialOf({ 'x-uluru-application-id': 'app', 'x-uluru-application-key': 'k' }),
    ).toMatchObject({ key: 'k' });
  });
});
