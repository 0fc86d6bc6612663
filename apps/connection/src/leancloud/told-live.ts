import type { EntryView } from '@hongyan/protocol';

/** A client asks for what it missed right after its login. */
const keptMs = 60_000;
const most = 256;

/**
 * Changes that a session was told since it began, so that they are not told again as missed. Only its first ones, for a
 * minute: later ones cannot be among what it asks for.
 */
export class ToldLive {
  private readonly places = new Set<string>();

  constructor(private readonly since: number) {}

  add(entry: EntryView, now = Date.now()): void {
    if (now - this.since > keptMs) this.places.clear();
    else if (this.places.size < most) this.places.add(placeOf(entry));
  }

  /**
   * Without those at the end that were told. What lies before another one is told again: the client keeps the time of the
   * last, and its connection may be lost before it hears what is on its way.
   */
  withoutTail<E extends EntryView>(entries: readonly E[]): readonly E[] {
    let end = entries.length;
    while (end > 0 && this.places.has(placeOf(entries[end - 1]!))) end -= 1;
    return entries.slice(0, end);
  }
}

const placeOf = ({ conversation, seq }: EntryView): string => `${conversation} ${seq}`;
