import type { Channel } from './channel.js';
import type { Reads } from './reader.js';
import type { Writes } from './writer.js';

/** The two ways into the store. */
export interface Channels {
  readonly write: Channel<Writes>;
  /** The reader that is next. */
  readonly read: Channel<Reads>;
  /** Judges expiry. */
  readonly now: () => number;
}
