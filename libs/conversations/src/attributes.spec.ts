import { checkAttributes, mergeAttributes } from './attributes.js';

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
    expect(() => mergeAttributes({}, { [key]: 1 })).toThrow(
      expect.objectContaining({ error: 'bad_request' }),
    );
    expect(({} as Record<string, unknown>)['b']).toBeUndefined();
  });

  it('are bounded in size and depth', () => {
    expect(() => checkAttributes({ a: 'x'.repeat(100) }, 50)).toThrow(
      expect.objectContaining({ error: 'too_large' }),
    );
    expect(() =>
      checkAttributes({ a: { b: { c: { d: { e: { f: { g: { h: { i: 1 } } } } } } } } }, 1000),
    ).toThrow(expect.objectContaining({ error: 'bad_request' }));
    expect(() => checkAttributes({ a: { b: [1, { c: null }] } }, 1000)).not.toThrow();
  });
});
