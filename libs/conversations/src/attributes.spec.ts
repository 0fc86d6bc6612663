import { checkAttributes, mergeAttributes } from './attributes.js';

const refused = (error: string) => expect.objectContaining({ error }) as Error;
const badRequest = refused('bad_request');
const tooLarge = refused('too_large');

describe('attributes', () => {
  it('are set by path, removed by null, and never change what was handed in', () => {
    const before = { a: { b: 1, c: 2 }, d: [1] };
    expect(mergeAttributes(before, { 'a.b': 5, 'a.c': null, 'x.y.z': true, d: null })).toEqual({
      a: { b: 5 },
      x: { y: { z: true } },
    });
    expect(before).toEqual({ a: { b: 1, c: 2 }, d: [1] });
    expect(mergeAttributes({}, { 'no.such': null })).toEqual({});
  });

  it('replace what is in the way of a path', () => {
    expect(mergeAttributes({ a: 1 }, { 'a.b': 2 })).toEqual({ a: { b: 2 } });
  });

  it.each(['__proto__', '$set', 'a.__proto__.b', 'a..b', ''])('refuse the key %j', (key) => {
    expect(() => mergeAttributes({}, { [key]: 1 })).toThrow(badRequest);
    expect(({} as Record<string, unknown>)['b']).toBeUndefined();
  });

  it('are bounded in size and depth', () => {
    expect(() => checkAttributes({ a: 'x'.repeat(100) }, 50)).toThrow(tooLarge);
    expect(() =>
      checkAttributes({ a: { b: { c: { d: { e: { f: { g: { h: { i: 1 } } } } } } } } }, 1000),
    ).toThrow(badRequest);
    expect(() => checkAttributes({ a: { b: [1, { c: null }] } }, 1000)).not.toThrow();
  });
});
