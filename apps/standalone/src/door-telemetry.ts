import { attributeNames, metricNames, type Telemetry } from '@hongyan/telemetry';
import type { ConnectionTelemetry } from '../../connection/src/index.js';

/** What the socket door counts; undefined when nobody counts, so that it pays nothing. */
export function doorTelemetry(telemetry: Telemetry): ConnectionTelemetry | undefined {
  const { reason, error, eventClass } = attributeNames;
  const closed = telemetry.counter(metricNames.sessionsClosed, 'Sessions that ended, by reason.', reason);
  const refused = telemetry.counter(metricNames.loginsRefused, 'Logins refused, by error.', error);
  const frames = telemetry.counter(
    metricNames.framesRefused,
    'Frames that were no commands, or too many, or too large, by error.',
    error,
  );
  const dropped = telemetry.counter(
    metricNames.eventsDropped,
    'Events not sent because a reader lagged behind, by class.',
    eventClass,
  );
  if (!closed || !refused || !frames || !dropped) return undefined;
  return { sessionClosed: closed, loginRefused: refused, frameRefused: frames, eventDropped: dropped };
}
