import type { Telemetry, TelemetryOptions } from './types.js';

export const telemetryOff: Telemetry = {
  commands: (inner) => inner,
  broker: (inner) => inner,
  observer: undefined,
  gauge: () => undefined,
  counter: () => undefined,
  stop: () => Promise.resolve(),
};

/** Loads OpenTelemetry only when something is switched on. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  if (options.metricsPort === 0 && !options.traces) return telemetryOff;
  const { startOpenTelemetry } = await import('./open-telemetry.js');
  return await startOpenTelemetry(options);
}
