import { bounds } from './fields.js';
import { compilePattern, matchesPattern } from './regex.js';

const refusal = (error: string): Error => expect.objectContaining({ error }) as Error;
const matches = (source: string, text: string, options = ''): boolean =>
  matchesPattern(compilePattern(source, options), text);

describe('patterns', () => {
  it.each([
    ['', '', true],
    ['', 'x', true],
    ['b', 'abc', true],
    ['^b', 'abc', false],
    ['^a', 'abc', true],
    ['c$', 'abc', true],
    ['c$', 'abc\n', false],
    ['^$', '', true],
    ['^$', 'a', false],
    ['$^', '', true],
    ['a^b', 'ab', false],
    ['a$b', 'ab', false],
    ['a.c', 'abc', true],
    ['a.c', 'a\nc', false],
    ['a.c', 'a\rc', true],
    ['^.$', '🍺', true],
    ['^..$', '🍺', false],
    ['a.*c', 'a12c', true],
    ['a.*c', 'ac', true],
    ['a.*c', 'a\nc', false],
    ['a.*c', 'a\nabc', true],
    ['a.*\nc', 'ab\nc', true],
    ['^a.*.*b.*c$', 'aabbcc', true],
    ['^a.*b$', 'abab', true],
    ['^a.*b$', 'abac', false],
    ['.*.*x', 'aaa', false],
    ['[abc]', 'xxb', true],
    ['^[a-c]*', 'a', undefined],
    ['[^a-c]', 'abc', false],
    ['[^a-c]', 'ab\n', true],
    ['[a-]', '-', true],
    ['[-a]', '-', true],
    ['[\\]]', ']', true],
    ['[a^]', '^', true],
    ['[🍎-🍺]', '🍓', true],
    ['[$.()|]', '(', true],
    ['\\Qa.b\\E', 'a.b', true],
    ['\\Qa.b\\E', 'axb', false],
    ['\\Qa.b', 'a.b', true],
    ['^\\Qa\\E.\\Qc\\E$', 'abc', true],
    ['\\Q\\E', 'x', true],
    // How clients quote a text with \E in it.
    ['\\Qx\\E\\\\E\\Qy\\E', 'x\\Ey', true],
    ['\\.\\*\\\\\\/', '.*\\/', true],
    ['a\\nb', 'a\nb', true],
    ['\\u0041', 'A', undefined],
    ['\\d', '1', undefined],
    ['a+', 'a', undefined],
    ['a*', 'a', undefined],
    ['.?', 'a', undefined],
    ['.+', 'a', undefined],
    ['.*?', 'a', undefined],
    ['.**', 'a', undefined],
    ['(a)', 'a', undefined],
    ['a|b', 'a', undefined],
    ['a{2}', 'aa', undefined],
    ['[a', 'a', undefined],
    ['[]', 'a', undefined],
    ['[^]', 'a', undefined],
    ['[b-a]', 'a', undefined],
    ['[[:alpha:]]', 'a', undefined],
    ['a]', 'a]', undefined],
    ['a\\', 'a', undefined],
    ['\\E', '', undefined],
    ['\ud83c', '', undefined],
  ])('%j in %j: %p', (source, text, expected) => {
    if (expected === undefined) expect(() => compilePattern(source)).toThrow(refusal('filter_invalid'));
    else expect(matches(source, text)).toBe(expected);
  });

  it.each([
    ['HELLO', 'say hello', true],
    ['^É', 'école', true],
    ['[a-c]X', 'Bx', true],
    ['[^a-c]', 'ABC', false],
    ['σ', 'Σ', true],
    ['ς$', 'ΌΣΟΣ', true],
    ['ß', 'SS', false],
    ['ß', 'ß', true],
    ['k', '\u212a', true], // the Kelvin sign
    ['\\QA.B\\E', 'a.b', true],
    ['x.*Z', 'X-z', true],
  ])('%j in %j, ignoring case: %p', (source, text, expected) => {
    expect(matches(source, text, 'i')).toBe(expected);
  });

  it('takes anchors by line with flag m', () => {
    expect(matches('^b$', 'a\nb\nc', 'm')).toBe(true);
    expect(matches('^b$', 'a\nb\nc')).toBe(false);
    expect(matches('a$\n^b', 'a\nb', 'm')).toBe(true);
    expect(matches('^B.*$', 'a\nbc', 'im')).toBe(true);
    expect(matches('^$', 'a\n\nb', 'm')).toBe(true);
    expect(matches('^', 'a', 'm')).toBe(true);
  });

  it('knows no other flags', () => {
    for (const options of ['g', 's', 'x', 'u', 'ii', 'I'])
      expect(() => compilePattern('a', options)).toThrow(refusal('filter_invalid'));
  });

  it('is bounded', () => {
    expect(() => compilePattern('a'.repeat(bounds.patternLength + 1))).toThrow(refusal('filter_too_complex'));
    expect(matches('a'.repeat(bounds.patternLength), 'a'.repeat(bounds.patternLength))).toBe(true);
  });

  it('agrees with the engine of the language where both can', () => {
    const parts = ['a', 'b', '.', '.*', '[ab]', '[^a]', '^', '$', '\n', 'A'];
    let state = 1;
    const random = (below: number): number => (state = (state * 48271) % 2147483647) % below;
    for (let round = 0; round < 5000; round += 1) {
      // Some are long enough for the other program.
      const tail = round % 3 === 0 ? 'b.'.repeat(16) : '';
      const source = Array.from({ length: random(7) }, () => parts[random(parts.length)]).join('') + tail;
      const text =
        Array.from({ length: random(9) }, () => 'aAb\n'[random(4)]).join('') + 'b'.repeat(random(40));
      const options = ['', 'i', 'm', 'im'][random(4)] as string;
      const native = new RegExp(source, options).test(text);
      expect([source, text, options, matches(source, text, options)]).toEqual([
        source,
        text,
        options,
        native,
      ]);
    }
  });
});

describe('hostile patterns', () => {
  const long = 'a'.repeat(100_000);
  it.each([
    ['many stars', '.*a'.repeat(80) + '.*b$', ''],
    ['many stars, ignoring case', '.*A'.repeat(80) + '.*b$', 'i'],
    ['many dots', '.'.repeat(250) + 'b', ''],
    ['classes and stars', '.*[^b]'.repeat(36) + 'b', 'm'],
    ['a long literal that nearly fits', 'a'.repeat(255) + 'b', ''],
    ['only stars', '.*'.repeat(127) + 'b', ''],
  ])('%s', (_name, source, options) => {
    const pattern = compilePattern(source, options);
    const began = performance.now();
    expect(matchesPattern(pattern, long)).toBe(false);
    expect(performance.now() - began).toBeLessThan(1500);
  });

  it('takes time in proportion to the text', () => {
    const pattern = compilePattern('.*a'.repeat(80) + '.*b$');
    const time = (text: string): number => {
      const began = performance.now();
      matchesPattern(pattern, text);
      return performance.now() - began;
    };
    time(long);
    const once = Math.min(time(long), time(long));
    expect(time(long.repeat(4))).toBeLessThan(once * 4 * 6 + 50);
  });

  it('survives a text of many different characters', () => {
    const text = Array.from({ length: 50_000 }, (_, index) =>
      String.fromCodePoint(0x4e00 + (index % 20_000)),
    ).join('');
    const began = performance.now();
    expect(matches('.*[^a-z][A-Z]'.repeat(12), text, 'i')).toBe(false);
    expect(performance.now() - began).toBeLessThan(1500);
  });
});
