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
    ['^[a-c]*$', 'abcab', true],
    ['^[a-c]*$', 'abd', false],
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
    // What apps write: one of several beginnings, a number, an address.
    ['^(AL|ga)', 'ALpha', true],
    ['^(AL|ga)', 'gamma', true],
    ['^(AL|ga)', 'beta', false],
    ['^(?:\\Qa.b\\E|c)$', 'a.b', true],
    ['^(?:\\Qa.b\\E|c)$', 'axb', false],
    ['^\\d{3,4}-\\d+$', '010-1234', true],
    ['^\\d{3,4}-\\d+$', '01-1234', false],
    ['^\\w+@(\\w+\\.)+\\w{2,}$', 'ann@im.example.com', true],
    ['^\\w+@(\\w+\\.)+\\w{2,}$', 'ann@com', false],
    ['^[\\d\\s]+$', '1 2', true],
    ['^[^\\D]+$', '12', true],
    ['[\\W]', 'a_1', false],
    ['\\S', ' \t', false],
    ['a+', 'baa', true],
    ['^a+$', '', false],
    ['^a*$', '', true],
    ['^.?$', '🍺', true],
    ['^.?$', 'ab', false],
    ['^.+$', 'a\nb', false],
    ['^a.*?b$', 'axxb', true],
    ['^a{2}$', 'aa', true],
    ['^a{2}$', 'aaa', false],
    ['^a{2,}$', 'aaaa', true],
    ['^a{0,2}$', 'aaa', false],
    ['^(ab){2}$', 'abab', true],
    ['^(a|b|)c$', 'c', true],
    ['^(a|(b|c)d)*$', 'acdabd', true],
    ['^(a*)*$', 'aab', false],
    ['^(a*)*b', 'aab', true],
    ['^()$', '', true],
    ['x|^a$|y', 'za', false],
    ['(^|-)a', 'b-a', true],
    ['(^|-)a', 'ba', false],
    ['a($|-)', 'ba', true],
    ['a|b', 'xb', true],
    ['(a)', 'ba', true],
    ['^\\Qab\\E+$', 'abb', true],
    ['.**', 'a', undefined],
    ['a++', 'a', undefined],
    ['*a', 'a', undefined],
    ['(?=a)', 'a', undefined],
    ['(?<n>a)', 'a', true],
    ['(a)\\1', 'aa', undefined],
    ['\\bword', 'a word', true],
    ['\\bword', 'sword', false],
    ['^*', 'a', true],
    ['(a', 'a', undefined],
    ['a)', 'a', undefined],
    ['(', 'a', undefined],
    ['a{', 'a{', true],
    ['a{,2}', 'a{,2}', true],
    ['a{2,1}', 'a', undefined],
    ['{2}', 'a', undefined],
    ['[a', 'a', undefined],
    ['[]', 'a', undefined],
    ['[^]', 'a', undefined],
    ['[b-a]', 'a', undefined],
    ['[[:alpha:]]', 'a', true],
    ['a]', 'a]', true],
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
    ['^(al|GA)', 'Gamma', true],
    ['^(é|σ)+$', 'ÉΣς', true],
    ['^[^a-c]+$', 'dB', false],
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

  it('takes a text for what it is, whole code points or not', () => {
    expect(matches('^.a$', '\ud83ca')).toBe(true);
    expect(matches('b', '\ud83ca')).toBe(false);
  });

  it('knows no other flags', () => {
    for (const options of ['g', 's', 'x', 'u', 'ii', 'I'])
      expect(() => compilePattern('a', options)).toThrow(refusal('filter_invalid'));
  });

  it('is bounded', () => {
    expect(() => compilePattern('a'.repeat(bounds.patternLength + 1))).toThrow(refusal('filter_too_complex'));
    expect(matches('a'.repeat(bounds.patternLength), 'a'.repeat(bounds.patternLength))).toBe(true);
    for (const large of ['a{500}', '(a{9}){99}', '(a|bc){99}(d|ef){99}'])
      expect(() => compilePattern(large)).toThrow(refusal('filter_too_complex'));
    for (const large of ['a{1001}', '(a{100}){100}'])
      expect(() => compilePattern(large)).toThrow(refusal('filter_invalid'));
  });

  it('agrees with the engine of the language where both can', () => {
    const parts = [
      'a',
      'b',
      '.',
      '.*',
      '[ab]',
      '[^a]',
      '^',
      '$',
      '\n',
      'A',
      'a+',
      '.?',
      '(a|b)',
      '(?:A|)',
      '(b|ab){2}',
      '(a*b?)+',
      '(^|b)',
      '\\w{1,2}',
      '(?:a|$)',
    ];
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
    ['repetitions of repetitions', '((a*)*)*b', ''],
    ['alternatives that are alike', '(a|a)*(a|aa)+b', ''],
    ['what takes others an exponential time', '(a+)+$b', ''],
    ['many optional ones', 'a?'.repeat(60) + 'a'.repeat(60) + 'b', ''],
    ['counted classes', '(.|a){90}(.|a){40}b', ''],
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

  it.each([
    ['[ab]*a[ab]{99}c', ''],
    ['([ab]{3}|a[ab]{5}){12}c', ''],
    ['(.|a|[^b]){60}(x|y)', 'im'],
    ['(a|b)*a.{380}[cd]', ''],
  ])('that meet ever new sets of states: %s', (source, options) => {
    let state = 7;
    const text = Array.from({ length: 50_000 }, () => 'ab'[(state = (state * 48271) % 2147483647) % 2]).join(
      '',
    );
    const pattern = compilePattern(source, options);
    const began = performance.now();
    expect(matchesPattern(pattern, text)).toBe(false);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it.each(['.*[^a-z][A-Z]'.repeat(12), '([^a-z]|x)+[A-Z]'])(
    'survives a text of many different characters: %s',
    (source) => {
      const text = Array.from({ length: 50_000 }, (_, index) =>
        String.fromCodePoint(0x4e00 + (index % 20_000)),
      ).join('');
      const began = performance.now();
      expect(matches(source, text, 'i')).toBe(false);
      expect(performance.now() - began).toBeLessThan(1500);
    },
  );
});
