import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AsyncStorage } from './storage-async.js';
import { FileStorage } from './storage-file.js';
import { MemoryStorage, type Storage, WriteBehind } from './storage.js';

function reactNative(): ConstructorParameters<typeof AsyncStorage>[0] {
  const values = new Map<string, string>([['foreign', 'x']]);
  return {
    getAllKeys: () => Promise.resolve([...values.keys()]),
    multiGet: (keys) => Promise.resolve(keys.map((key) => [key, values.get(key) ?? null] as const)),
    multiSet: (pairs) => Promise.resolve(pairs.forEach(([key, value]) => values.set(key, value))),
    multiRemove: (keys) => Promise.resolve(keys.forEach((key) => values.delete(key))),
  };
}

describe('storage', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'hongyan-sdk-'))));
  afterAll(() => rm(folder, { recursive: true }));

  const native = reactNative();
  const memory = new MemoryStorage();
  const adapters: [string, () => Storage][] = [
    ['memory', () => memory],
    ['file', () => new FileStorage(join(folder, 'state.json'))],
    ['AsyncStorage', () => new AsyncStorage(native)],
  ];

  it.each(adapters)('%s keeps values over a restart', async (_name, open) => {
    const first = open();
    expect([...(await first.load())]).toEqual([]);
    await first.write(new Map([['a', '1'], ['b', '2']])); // prettier-ignore
    await first.write(new Map([['a', undefined], ['c', 'ü\n"']])); // prettier-ignore
    expect(new Map(await open().load())).toEqual(new Map([['b', '2'], ['c', 'ü\n"']])); // prettier-ignore
  });

  it('a file that is no JSON is an error, not an empty state', async () => {
    const path = join(folder, 'state.json');
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ b: '2', c: 'ü\n"' });
    await expect(new FileStorage(folder).load()).rejects.toThrow();
  });

  it('writes the changes of a turn together, never two at a time, and again after a failure', async () => {
    jest.useFakeTimers();
    const written: object[] = [];
    let running = 0;
    let fail = true;
    const failures: unknown[] = [];
    const behind = new WriteBehind(
      {
        load: () => Promise.resolve([]),
        write: async (changes) => {
          expect(++running).toBe(1);
          await Promise.resolve();
          running -= 1;
          if (fail) throw new Error('disk');
          written.push(Object.fromEntries(changes));
        },
      },
      (error) => failures.push(error),
    );
    behind.set('a', '1');
    behind.set('a', '2');
    await behind.flush();
    expect(failures).toMatchObject([{ name: 'storage_failed' }]);
    behind.set('b', '3');
    fail = false;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(written).toEqual([{ a: '2', b: '3' }]);
    jest.useRealTimers();
  });
});
