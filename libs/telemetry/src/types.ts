import type { PathObserver } from '@hongyan/conversations';
import type { Broker, Commands } from '@hongyan/protocol';

export interface TelemetryOptions {
  readonly serviceName: string;
  /** 0: no metrics. Prometheus reads them at http://host:port/metrics. */
  readonly metricsPort: number;
  readonly metricsHost: string;
  /** Spans go to the OTLP endpoint of the standard OTEL_EXPORTER_OTLP_* variables. */
  readonly traces: boolean;
  /** Share of commands that are traced when the caller does not say. */
  readonly traceRatio: number;
}

/** What a composition root wraps its parts in. Switched off, every part is handed back as it came. */
export interface Telemetry {
  commands(inner: Commands): Commands;
  broker(inner: Broker): Broker;
  readonly observer: PathObserver | undefined;
  /** Reports a number that is read when it is asked for. */
  gauge(name: string, description: string, read: () => number): void;
  /** Counts (one, or `by`), by a label whose values are few and known. Undefined: nobody counts. */
  counter(
    name: string,
    description: string,
    label: string,
  ): ((value: string, by?: number) => void) | undefined;
  /** Sends what waits. */
  stop(): Promise<void>;
}
