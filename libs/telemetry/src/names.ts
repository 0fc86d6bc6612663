/**
 * Every metric, span and attribute name. Labels stay bounded: operations, outcomes, classes, reasons; never a tenant, app,
 * client or conversation.
 */
export const metricNames = {
  commandDuration: 'hongyan.command.duration',
  appendDuration: 'hongyan.append.duration',
  appendBatch: 'hongyan.append.batch',
  eventsPublished: 'hongyan.events.published',
  sessions: 'hongyan.sessions',
  sessionsClosed: 'hongyan.sessions.closed',
  loginsRefused: 'hongyan.logins.refused',
  framesRefused: 'hongyan.frames.refused',
  eventsDropped: 'hongyan.events.dropped',
  entriesRemoved: 'hongyan.entries.removed',
} as const;

export const spanNames = {
  append: 'append',
  publish: 'publish',
} as const;

export const attributeNames = {
  operation: 'hongyan.operation',
  outcome: 'hongyan.outcome',
  caller: 'hongyan.caller',
  eventClass: 'hongyan.event.class',
  appId: 'hongyan.app.id',
  batch: 'hongyan.batch',
  reason: 'hongyan.reason',
  error: 'hongyan.error',
} as const;
