import { Backlog } from './backlog.js';

it('gives packets back in their order, at most a hundred', () => {
  const backlog = new Backlog(1_000);
  const added = Array.from({ length: 101 }, (_, at) => backlog.add(`${at}`));
  expect(added.lastIndexOf(true)).toBe(99);
  expect(added[100]).toBe(false);
  expect([backlog.next(), backlog.next()]).toEqual(['0', '1']);
  expect(backlog.add('101')).toBe(true);
});

it('takes so many bytes, and one packet whatever its size', () => {
  const backlog = new Backlog(10);
  expect(backlog.add('x'.repeat(50))).toBe(true);
  expect(backlog.add('y')).toBe(false);
  expect(backlog.next()).toHaveLength(50);
  expect(backlog.isEmpty).toBe(true);
  expect([backlog.add('123456'), backlog.add(Buffer.alloc(4)), backlog.add('z')]).toEqual([
    true,
    true,
    false,
  ]);
});
