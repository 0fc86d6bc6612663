import { createHmac } from 'node:crypto';
import { checkLeanCloudSignature, type Signed, signatureLifeMs, signLeanCloud } from './signature.js';

const key = 'master-key';
const now = 1_700_000_000_000;
const sha1 = (text: string) => createHmac('sha1', key).update(text).digest('hex');

describe('LeanCloud signatures', () => {
  const texts: readonly (readonly [Signed, string])[] = [
    [{ kind: 'login', client: 'tom' }, `app:tom::${now}:n1`],
    [{ kind: 'create', client: 'tom', members: ['tom', 'jerry', 'Bob'] }, `app:tom:Bob:jerry:tom:${now}:n1`],
    [
      { kind: 'members', client: 'tom', conversation: 'c1', members: ['b', 'a'], action: 'invite' },
      `app:tom:c1:a:b:${now}:n1:invite`,
    ],
    [
      {
        kind: 'members',
        client: 'tom',
        conversation: 'c1',
        members: ['a'],
        action: 'conversation-block-clients',
      },
      `app:tom:c1:a:${now}:n1:conversation-block-clients`,
    ],
    [
      { kind: 'client-block', client: 'tom', conversation: 'c1', action: 'client-block-conversations' },
      `app:tom:c1::${now}:n1:client-block-conversations`,
    ],
    [{ kind: 'history', client: 'tom', conversation: 'c1' }, `app:tom:c1:n1:${now}`],
  ];

  it.each(texts)('signs %j as the documented text', (signed, text) => {
    expect(signLeanCloud(key, 'app', signed, now, 'n1')).toBe(sha1(text));
    const given = { timestamp: now, nonce: 'n1', signature: sha1(text) };
    expect(checkLeanCloudSignature([key], 'app', signed, given, now)).toBeUndefined();
    expect(checkLeanCloudSignature([key], 'other', signed, given, now)).toBe('mismatch');
  });

  const login: Signed = { kind: 'login', client: 'tom' };
  const given = (timestamp: number, signature = signLeanCloud(key, 'app', login, timestamp, 'n')) => ({
    timestamp,
    nonce: 'n',
    signature,
  });

  it('takes seconds and milliseconds, six hours either way', () => {
    const seconds = now / 1000;
    expect(checkLeanCloudSignature([key], 'app', login, given(seconds), now)).toBeUndefined();
    for (const edge of [now - signatureLifeMs, now + signatureLifeMs])
      expect(checkLeanCloudSignature([key], 'app', login, given(edge), now)).toBeUndefined();
    for (const off of [now - signatureLifeMs - 1, now + signatureLifeMs + 1, seconds - 21_601, Number.NaN])
      expect(checkLeanCloudSignature([key], 'app', login, given(off), now)).toBe('expired');
  });

  it('takes hexadecimal of either case and either of two keys', () => {
    const upper = signLeanCloud(key, 'app', login, now, 'n').toUpperCase();
    expect(checkLeanCloudSignature(['new', key], 'app', login, given(now, upper), now)).toBeUndefined();
    expect(checkLeanCloudSignature(['new'], 'app', login, given(now, upper), now)).toBe('mismatch');
    expect(checkLeanCloudSignature([key], 'app', login, given(now, ''), now)).toBe('mismatch');
  });

  it('refuses ids that hold the separator, for which one text could mean two things', () => {
    const sneaky: Signed = { kind: 'create', client: 'tom', members: ['a:b'] };
    const signature = signLeanCloud(key, 'app', sneaky, now, 'n');
    expect(
      checkLeanCloudSignature([key], 'app', sneaky, { timestamp: now, nonce: 'n', signature }, now),
    ).toBe('ambiguous');
  });
});
