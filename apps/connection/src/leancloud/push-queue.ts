import type { Outgoing } from './frame-buffer.js';

type Frames = readonly Uint8Array[];

/** Something to be pushed: encoded without its peer id, maybe not yet. */
interface Push {
  readonly peer: Uint8Array;
  frames: Frames | undefined;
  /** Settles when there are some. */
  readonly ready: Promise<void> | undefined;
}

/** What waits to be written to a connection, in order: nothing overtakes what has to be looked up first. */
export class PushQueue {
  private pushes: Push[] = [];

  get isEmpty(): boolean {
    return this.pushes.length === 0;
  }

  add(peer: Uint8Array, frames: Frames): void {
    if (frames.length > 0) this.pushes.push({ peer, frames, ready: undefined });
  }

  /** Holds a place; what cannot be looked up is nothing after all. `settled` is called when it is known. */
  addLater(peer: Uint8Array, frames: Promise<Frames>, settled: () => void): void {
    const settle = (found: Frames) => {
      push.frames = found;
      settled();
    };
    const ready = frames.then(settle, () => settle([]));
    const push: Push = { peer, frames: undefined, ready };
    this.pushes.push(push);
  }

  /** When all that is in it now has been looked up. */
  async allReady(): Promise<void> {
    await Promise.all(this.pushes.flatMap(({ ready }) => ready ?? []));
  }

  /** What may be written now. */
  takeReady(): readonly Outgoing[] {
    const { pushes } = this;
    const waiting = pushes.findIndex(({ frames }) => frames === undefined);
    this.pushes = waiting < 0 ? [] : pushes.slice(waiting);
    return (waiting < 0 ? pushes : pushes.slice(0, waiting)) as readonly Outgoing[];
  }

  clear(): void {
    this.pushes = [];
  }
}
