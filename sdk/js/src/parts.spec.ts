import { Backoff } from './backoff.js';
import { contentOf, encode } from './content.js';
import { Emitter } from './emitter.js';
import { operationId } from './operation-id.js';
import { applyToView } from './view.js';

describe('operation ids', () => {
  it('are UUIDs of version 7 that sort by time of making, whatever the clock does', () => {
    const ids = Array.from({ length: 10_000 }, (_, n) =>
      operationId(n === 5_000 ? 1_000 : 1_700_000_000_000 + Math.floor(n / 6_000)),
    );
    expect(
      ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
    ).toBe(true);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('back-off', () => {
  it('doubles its ceiling to a bound, spreads fully, and honours a demanded wait', () => {
    const high = new Backoff(250, 30_000, () => 0.999999);
    expect(Array.from({ length: 9 }, () => Math.round(high.next() / 10) * 10)).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000,
    ]);
    expect(new Backoff(250, 30_000, () => 0).next()).toBe(0);
    expect(new Backoff(250, 30_000, () => 0.5).next(2_000)).toBe(2_125);
  });

  it('goes on growing behind a lower ceiling of the moment', () => {
    const backoff = new Backoff(250, 30_000, () => 0.999999);
    const waits = [1_000, 1_000, 1_000, 1_000, undefined].map((most) => backoff.next(0, most) + 1);
    expect(waits).toEqual([250, 500, 1_000, 1_000, 4_000]);
  });
});

describe('content', () => {
  it.each([
    ['text', 'häi\u0000'],
    ['json', { a: [1, null] }],
    ['binary', Uint8Array.from([0, 255, 128])],
  ] as const)('%s comes back as it went', (format, value) => {
    const encoded = encode(
      typeof value === 'string' ? value : format === 'json' ? { json: value } : { binary: value },
    );
    expect(encoded.format).toBe(format);
    expect(contentOf(encoded)).toEqual(value);
  });
});

describe('an emitter', () => {
  it('goes on after a listener that throws, and lets the error surface', () => {
    jest.useFakeTimers();
    const emitter = new Emitter<{ a: number }>();
    const got: number[] = [];
    emitter.on('a', () => {
      throw new Error('mine');
    });
    const off = emitter.on('a', (n) => got.push(n));
    emitter.once('a', (n) => got.push(-n));
    emitter.emit('a', 1);
    off();
    emitter.emit('a', 2);
    expect(got).toEqual([1, -1]);
    expect(emitter.listenerCount('a')).toBe(1);
    expect(() => jest.runAllTimers()).toThrow('mine');
    jest.useRealTimers();
  });
});

describe('the view of a conversation', () => {
  const view = {
    id: 'c',
    attributes: { a: 1, deep: { x: 1, y: 2 }, gone: true },
    memberCount: 2,
    seq: 4,
  } as never;
  const entry = { conversation: 'c', seq: 5, time: 50 };

  it('takes changed attributes key by key', () => {
    const changed = applyToView(view, {
      ...entry,
      kind: 'updated',
      name: 'n',
      attributes: { gone: null, 'deep.x': 3, 'new.z': 1 },
    } as never);
    expect(changed).toMatchObject({ name: 'n', seq: 5, updatedAt: 50 });
    expect(changed.attributes).toEqual({ a: 1, deep: { x: 3, y: 2 }, new: { z: 1 } });
  });

  it('counts members', () => {
    expect(applyToView(view, { ...entry, kind: 'added', members: ['x', 'y'] } as never).memberCount).toBe(4);
    expect(applyToView(view, { ...entry, kind: 'left' } as never).memberCount).toBe(1);
  });
});
