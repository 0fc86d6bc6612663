export * from './logger.js';
export { metricNames } from './names.js';
export { startTelemetry, type Telemetry, telemetryOff, type TelemetryOptions } from './telemetry.js';
