import type { SessionCommand } from '@hongyan/leancloud';
import type { Calls } from './calls.js';
import type { LeanCloudSession } from './leancloud-session.js';
import { missed } from './missed.js';
import { missedEdits, nothingRead } from './missed-edits.js';

/**
 * Tells a session what its client has missed, once it has begun: unread counts or messages, then edits and recalls. Their
 * places are before all that is told live, because a client keeps the time of the last change that it hears. To be called
 * in the turn in which the session is attached. Answers what the client is to keep as that time until it hears more.
 */
export async function catchUp(
  calls: Calls,
  session: LeanCloudSession,
  command: SessionCommand,
  begun: Promise<void>,
  onError: (error: unknown) => void,
): Promise<number> {
  const edits = begun.then(() =>
    missedEdits(calls, session, command).catch((error: unknown) => {
      onError(error);
      return nothingRead(command);
    }),
  );
  const { offlineMessages } = session.connection.dialect;
  session.push(
    edits.then(({ readUntil, recalledIn }) =>
      missed(calls, session, command, { offlineMessages, recalledIn, serverTs: readUntil }),
    ),
  );
  session.push(edits.then(({ pushes }) => pushes));
  const { pushes, knownUntil } = await edits;
  // Among them may be what this client is about to change again: its own word must be its last.
  if (pushes.length > 0) session.connection.waitForReader();
  return knownUntil;
}
