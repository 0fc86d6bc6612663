import { FlushTurn, type Flushable } from './flush-turn.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a turn', () => {
  const flushed: string[] = [];
  const socket = (name: string, then?: () => void): Flushable => ({
    flush() {
      flushed.push(name);
      then?.();
    },
  });
  beforeEach(() => flushed.splice(0));

  it('flushes who was answered before all others, when it is over', async () => {
    const flushes = new FlushTurn();
    const [one, two, three] = [socket('one'), socket('two'), socket('three')];
    flushes.add(one);
    flushes.add(two);
    flushes.addAnswered(three);
    flushes.addAnswered(three);
    expect(flushed).toEqual([]);
    await turn();
    expect(flushed).toEqual(['three', 'one', 'two']);
    await turn();
    expect(flushed).toHaveLength(3);
  });

  it('leaves what comes during a flush to the next', async () => {
    const flushes = new FlushTurn();
    const late = socket('late');
    flushes.add(socket('early', () => flushes.add(late)));
    await turn();
    expect(flushed).toEqual(['early']);
    await turn();
    expect(flushed).toEqual(['early', 'late']);
  });
});
