import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecretBox, newSecretKey, parseSecretKey, secretKeyFromFile } from './index.js';

const newBox = () => createSecretBox(parseSecretKey(newSecretKey(), 'test'));

describe('sealed secrets', () => {
  it('open with their key, for what they belong to', () => {
    const box = newBox();
    const sealed = box.seal('s3cret', 'app:a');
    expect(sealed).not.toContain('s3cret');
    expect(box.seal('s3cret', 'app:a')).not.toBe(sealed);
    expect(box.open(sealed, 'app:a')).toBe('s3cret');
    expect(() => box.open(sealed, 'app:b')).toThrow(/damaged/);
  });

  it('say when the key is the wrong one, and when they are damaged', () => {
    const box = newBox();
    const sealed = box.seal('s3cret', 'app:a');
    expect(() => newBox().open(sealed, 'app:a')).toThrow(/secret key is not the one/);
    const [version, key, iv] = sealed.split('.');
    expect(() => box.open([version, key, iv, 'AAAAAAAAAAAAAAAAAAAAAAAAAAAA'].join('.'), 'app:a')).toThrow(
      /damaged/,
    );
    expect(() => box.open('rubbish', 'app:a')).toThrow(/damaged/);
  });

  it('open with the previous key and are sealed with the current one', () => {
    const [old, current] = [newSecretKey(), newSecretKey()].map((key) => parseSecretKey(key, 'test')) as [
      Buffer,
      Buffer,
    ];
    const sealed = createSecretBox(old).seal('s3cret', 'x');
    const box = createSecretBox(current, old);
    expect(box.open(sealed, 'x')).toBe('s3cret');
    expect(box.outdated(sealed)).toBe(true);
    expect(box.outdated(box.seal('s3cret', 'x'))).toBe(false);
  });

  it('take a key as hexadecimal digits or base64 of 32 bytes only', () => {
    const hex = newSecretKey();
    expect(parseSecretKey(Buffer.from(hex, 'hex').toString('base64'), 'x').toString('hex')).toBe(hex);
    expect(() => parseSecretKey('short', 'HONGYAN_SECRET_KEY')).toThrow(/HONGYAN_SECRET_KEY is not a key/);
  });
});

describe('the key file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hongyan-secrets-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is made once, for its owner only', () => {
    const file = join(folder, 'secret.key');
    const key = secretKeyFromFile(file);
    expect(secretKeyFromFile(file)).toEqual(key);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    chmodSync(file, 0o644);
    expect(() => secretKeyFromFile(file)).toThrow(/can be read by others/);
  });

  it('is refused when it holds something else', () => {
    const file = join(folder, 'other.key');
    writeFileSync(file, 'not a key', { mode: 0o600 });
    expect(() => secretKeyFromFile(file)).toThrow(/is not a key/);
  });
});
