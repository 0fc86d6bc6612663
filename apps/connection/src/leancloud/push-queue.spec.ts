import { PushQueue } from './push-queue.js';

const peer = Buffer.from('p');
const bytes = (text: string) => [Buffer.from(text)];
const taken = (queue: PushQueue) =>
  queue.takeReady().flatMap(({ frames }) => frames.map((frame) => Buffer.from(frame).toString()));

describe('what waits to be pushed', () => {
  it('is not overtaken while it is looked up', async () => {
    const queue = new PushQueue();
    const settled = jest.fn();
    let found: (frames: Buffer[]) => void = () => undefined;
    queue.add(peer, bytes('first'));
    queue.addLater(peer, new Promise<Buffer[]>((resolve) => (found = resolve)), settled);
    queue.add(peer, bytes('third'));
    expect(taken(queue)).toEqual(['first']);
    expect(taken(queue)).toEqual([]);
    expect(queue.isEmpty).toBe(false);
    found(bytes('second'));
    await queue.allReady();
    expect(settled).toHaveBeenCalledTimes(1);
    expect(taken(queue)).toEqual(['second', 'third']);
    expect(queue.isEmpty).toBe(true);
  });

  it('holds nothing up that cannot be looked up', async () => {
    const queue = new PushQueue();
    queue.addLater(peer, Promise.reject(new Error('gone')), () => undefined);
    queue.add(peer, bytes('next'));
    expect(taken(queue)).toEqual([]);
    await queue.allReady();
    expect(taken(queue)).toEqual(['next']);
  });

  it('is nothing when there are no frames', () => {
    const queue = new PushQueue();
    queue.add(peer, []);
    expect(queue.isEmpty).toBe(true);
  });
});
