import { backOff } from './pacer.js';
import { parseExact } from './parse-exact.js';
import { isPublicAddress } from './public-address.js';
import { quotaPause, retryAfter } from './quota.js';
import { findServer } from './regions.js';
import { authenticate } from './sign.js';

const headers = (values: Record<string, string>) => new Headers(values);

describe('what the server asks for', () => {
  it('is seconds or a date', () => {
    const now = Date.parse('2026-11-21T00:00:00Z');
    expect(retryAfter(headers({ 'retry-after': '7' }), now)).toBe(7_000);
    expect(retryAfter(headers({ 'retry-after': 'Sat, 21 Nov 2026 00:00:30 GMT' }), now)).toBe(30_000);
    expect(retryAfter(headers({ 'retry-after': 'soon' }), now)).toBeUndefined();
    expect(retryAfter(headers({}), now)).toBeUndefined();
  });

  it('is a pause when a quota is used up, in seconds or at a time', () => {
    const now = 1_800_000_000_000;
    const at = (remaining: string, reset: string) =>
      quotaPause(headers({ 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset }), now);
    expect(at('1', '9')).toBeUndefined();
    expect(at('0', '9')).toBe(9_000);
    expect(at('0', '1800000004')).toBe(4_000);
    expect(at('0', '1800000004500')).toBe(4_500);
  });
});

it('backs off with full jitter below a bound', () => {
  expect(backOff(1, 100, 5_000, () => 1)).toBe(100);
  expect(backOff(4, 100, 5_000, () => 0.5)).toBe(400);
  expect(backOff(50, 100, 5_000, () => 1)).toBe(5_000);
  expect(backOff(50, 100, 5_000, () => 0)).toBe(0);
});

it('knows public addresses', () => {
  expect(['1.1.1.1', '2606:4700::1111'].map(isPublicAddress)).toEqual([true, true]);
  const inside = [
    '127.0.0.1',
    '10.1.2.3',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    'fe80::1',
  ];
  expect([...inside, 'fd00::1', '::ffff:10.0.0.1', 'no'].filter(isPublicAddress)).toEqual([]);
});

it('keeps every digit', () => {
  const text = '{"a":12345678901234567890,"b":[1,2.5],"c":"99999999999999999999"}';
  expect(JSON.stringify(parseExact(text))).toBe(text);
});

describe('where an app is', () => {
  it('is told by its id, a region or a domain', () => {
    const href = (id: string, given = {}) => findServer(id, given).server.href;
    expect(href('ABCDEFGHabcd-gzGzoHsz')).toBe('https://abcdefgh.lc-cn-n1-shared.com/');
    expect(href('ABCDEFGHabcd-9Nh9j0Va')).toBe('https://abcdefgh.lc-cn-e1-shared.com/');
    expect(href('ABCDEFGHabcd-MdYXbMMI')).toBe('https://abcdefgh.api.lncldglobal.com/');
    expect(href('abcdefgh', { region: 'us' })).toBe('https://abcdefgh.api.lncldglobal.com/');
    expect(href('abcdefgh', { server: 'api.shop.example' })).toBe('https://api.shop.example/');
    expect(() => href('abcdefgh')).toThrow('--region or --server');
  });

  it('is never told the key in the clear', () => {
    expect(() => findServer('abcdefgh', { server: 'http://api.shop.example' })).toThrow(
      'https://api.shop.example',
    );
    expect(() => findServer('abcdefgh', { server: 'https://u:p@api.shop.example' })).toThrow('password');
  });
});

it('signs as LeanCloud documents: md5 of time and key', () => {
  expect(authenticate({ appId: 'a', masterKey: 'k' }, 'sign', 1)).toEqual({
    'x-lc-id': 'a',
    'x-lc-sign': 'a6f62b73f5a9bf380d32f062f2d71cbc,1,master',
  });
  expect(authenticate({ appId: 'a', masterKey: 'k' }, 'key', 1)['x-lc-key']).toBe('k,master');
});
