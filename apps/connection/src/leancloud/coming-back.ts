import { setTimeout as pause } from 'node:timers/promises';
import { LeanCloudError, type GenericCommand } from '@hongyan/leancloud';
import { AppError } from '@hongyan/protocol';
import { isJava } from './java-clients.js';

const leastMs = 1_000;
const mostMs = 4_000;

/**
 * Is this the refusal of a client that comes back, for a reason that will pass? Clients for Swift and Objective-C give their
 * session up for good then, whatever the code (but 4112). They and JavaScript come again when the connection ends.
 */
export const isOnlyForNow = ({ sessionMessage }: GenericCommand, error: unknown): boolean =>
  sessionMessage?.r === true &&
  (error instanceof AppError ? error.definition.temporary : !(error instanceof LeanCloudError));

/**
 * Java clients do not: they neither connect again nor ask again, and wait for the answer as long as it takes. They come back
 * without a serial, or with one where they had to log in anew. C# clients, which come back with neither name nor token, do, but a
 * program may end over the question that was under way.
 */
export const asksOnce = ({ i, sessionMessage }: GenericCommand): boolean =>
  i === undefined ||
  isJava(sessionMessage) ||
  (sessionMessage?.ua === undefined && sessionMessage?.st === undefined);

/** Who asks once is tried for about twenty seconds. */
export const mostTries = 8;

/** They come again within a second: all of them together would be what the server has to recover from. */
export const aWhile = (): Promise<void> =>
  pause(leastMs + Math.random() * (mostMs - leastMs), undefined, { ref: false });
