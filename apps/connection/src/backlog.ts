/** So many packets of one session may wait until they are looked at. */
const most = 100;

/** Packets of a session that is not served at the moment, in their order. */
export class Backlog {
  private packets: unknown[] = [];
  private length = 0;

  /** `mostBytes`: of all that waits, about. */
  constructor(private readonly mostBytes: number) {}

  get isEmpty(): boolean {
    return this.packets.length === 0;
  }

  /** False: there is no room for it. The first fits always. */
  add(packet: unknown): boolean {
    const length = lengthOf(packet);
    const isFull = this.packets.length === most || this.length + length > this.mostBytes;
    if (isFull && !this.isEmpty) return false;
    this.packets.push(packet);
    this.length += length;
    return true;
  }

  /** The one that has waited longest; undefined: none. */
  next(): unknown {
    const packet = this.packets.shift();
    this.length -= lengthOf(packet);
    return packet;
  }
}

const lengthOf = (packet: unknown): number =>
  typeof packet === 'string' || packet instanceof Uint8Array ? packet.length : 0;
