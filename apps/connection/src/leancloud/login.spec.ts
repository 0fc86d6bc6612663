import { tokenOf } from './login.js';

describe('how long a token lasts', () => {
  it.each([
    ['as long as it does', 604_800_000, 604_800],
    ['no longer than Java can count', 90 * 86_400_000, 2_000_000],
    ['some time, were it over', -1, 1],
  ])('is told: %s', (_, leftMs, stTtl) => {
    expect(tokenOf('t', 1_000 + leftMs, 1_000)).toEqual({ st: 't', stTtl });
  });
});
