export * from './logger.js';
export { attributeNames, metricNames } from './names.js';
export { startTelemetry, telemetryOff } from './telemetry.js';
export type { Telemetry, TelemetryOptions } from './types.js';
