import type { App, AppDirectory } from '@hongyan/apps';
import type { Hub, Presence } from '@hongyan/delivery';
import type { Commands, ErrorName, EventClass } from '@hongyan/protocol';
import type { Authenticator, UserVerifier } from '@hongyan/sessions';
import type { Logger } from 'pino';
import type { ClientRates } from './client-rates.js';

/** What the composition root hands to the connection door. */
export interface ConnectionParts {
  readonly commands: Commands;
  /** In one process a single object is both. */
  readonly hub: Hub & Presence;
  readonly apps: AppDirectory;
  readonly authenticator: Authenticator;
  readonly verifier: UserVerifier;
  readonly logger: Logger;
  readonly telemetry?: ConnectionTelemetry;
  readonly options?: Partial<ConnectionOptions>;
  /** One for all doors. */
  readonly rates?: ClientRates;
}

/** Called on the path of every message: each hook must be cheap. Labels are bounded; no ids. */
export interface ConnectionTelemetry {
  sessionClosed?(reason: string): void;
  loginRefused?(code: ErrorName): void;
  /** Frames that were no commands, or too many, or too large. */
  frameRefused?(code: ErrorName): void;
  eventDropped?(eventClass: EventClass): void;
}

export interface ConnectionOptions {
  /** Time between two heartbeats, and how long an answer to one may take. */
  readonly heartbeatMs: number;
  readonly heartbeatTimeoutMs: number;
  /** A connection that has not logged in by then is closed. */
  readonly loginTimeoutMs: number;
  /** A command that has no answer by then is answered `deadline_exceeded`. */
  readonly deadlineMs: number;
  /** Bytes that may wait for one reader. */
  readonly maxBufferedBytes: number;
  /** Bytes from which on droppable events are dropped. */
  readonly softBufferedBytes: number;
  /** Clients of a server that goes away come back within this time, spread evenly. */
  readonly reconnectSpreadMs: number;
  /** How long a drain may take when Nest shuts the application down. */
  readonly drainMs: number;
}

export const defaultConnectionOptions: ConnectionOptions = Object.freeze({
  heartbeatMs: 25_000,
  heartbeatTimeoutMs: 20_000,
  loginTimeoutMs: 10_000,
  deadlineMs: 10_000,
  maxBufferedBytes: 1024 * 1024,
  softBufferedBytes: 128 * 1024,
  reconnectSpreadMs: 5_000,
  drainMs: 5_000,
});

/** An app as it is now; as it was at login if it is not at hand. */
export const currentApp = (apps: AppDirectory, app: App): App => apps.known(app.id) ?? app;
