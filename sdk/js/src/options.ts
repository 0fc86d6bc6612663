import type { Storage } from './storage.js';

/** How the client proves who it is: made by your server, which holds the app's master key. */
export type Credentials =
  | { readonly token: string }
  | {
      readonly clientId: string;
      readonly signature: { readonly timestamp: number; readonly nonce: string; readonly signature: string };
    }
  /** Only for apps that allow an unsigned login. */
  | { readonly clientId: string };

export interface Logger {
  debug(message: string, details?: object): void;
  warn(message: string, details?: object): void;
}

export interface HongyanOptions {
  /** Where the server is, for instance `https://im.example.com`. */
  readonly url: string;
  readonly appId: string;
  /** Called for each login; a session token brings the client back in between. */
  readonly credentials: Credentials | (() => Credentials | Promise<Credentials>);
  /** Tells this installation from the client's others; made and kept in `storage` when absent. */
  readonly deviceId?: string;
  /** At most one session per client and tag: a later login ends the earlier one with `session_conflict`. */
  readonly tag?: string;
  /** Keeps unsent messages and what was seen over a restart. Default: memory. */
  readonly storage?: Storage;
  /** Also keeps the session token in `storage`. Default false. */
  readonly keepSession?: boolean;
  readonly logger?: Logger;
  /** How many rows of the conversation list are loaded at the first connect (0–100). Default 50. */
  readonly preload?: number;
  /**
   * After a reconnect the missed entries of every open conversation are fetched, and of this many others, those with
   * the latest activity. Of the rest a `gap` event tells. Default 50.
   */
  readonly catchUp?: number;
  /** Most entries that are fetched to close one gap; a larger one becomes a `gap` event. Default 200. */
  readonly maxGap?: number;
  /** Milliseconds until an unanswered attempt is repeated. Default 10,000. */
  readonly attemptTimeoutMs?: number;
  /** Milliseconds until a call other than a send gives up, retries and waiting for the network included. Default 30,000. */
  readonly callTimeoutMs?: number;
  /** Most messages that wait to be sent, over all conversations. Default 1,000. */
  readonly maxQueue?: number;
  /**
   * Messages of one conversation under way at a time. 1 (the default) keeps the order whatever the server answers;
   * more is faster over slow networks, and in order as long as the server fails later ones along with a failed one.
   */
  readonly sendWindow?: number;
  /** Bounds of the wait before a reconnect; early in an outage it is at most 3,000. Default 250 to 30,000. */
  readonly reconnectMs?: { readonly first?: number; readonly max?: number };
  /** Tells the sender that messages arrived here. Default true. */
  readonly sendDelivered?: boolean;
}

export type Settings = Required<
  Omit<HongyanOptions, 'deviceId' | 'tag' | 'storage' | 'logger' | 'reconnectMs'>
> & {
  readonly reconnectMs: { readonly first: number; readonly max: number };
};

export function settingsOf(options: HongyanOptions): Settings {
  return {
    keepSession: false,
    preload: 50,
    catchUp: 50,
    maxGap: 200,
    attemptTimeoutMs: 10_000,
    callTimeoutMs: 30_000,
    maxQueue: 1_000,
    sendWindow: 1,
    sendDelivered: true,
    ...options,
    reconnectMs: { first: 250, max: 30_000, ...options.reconnectMs },
  };
}
