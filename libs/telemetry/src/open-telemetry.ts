import { metrics, trace } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { MetricProducer, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { Distributions } from './distributions.js';
import { MeasuredBroker } from './measured-broker.js';
import { MeasuredCommands } from './measured-commands.js';
import { MeasuredPath } from './measured-path.js';
import { observeRuntime } from './runtime-gauges.js';
import type { Telemetry, TelemetryOptions } from './types.js';

/** Readers and processors beside those of the options: for specs. */
export interface ExtraSinks {
  readonly metricReaders?: (producers: MetricProducer[]) => MetricReader[];
  readonly spanProcessors?: SpanProcessor[];
}

/** Starts the OpenTelemetry SDK of this process. Once per process; a port in use is thrown as it is. */
export async function startOpenTelemetry(
  options: TelemetryOptions,
  extra: ExtraSinks = {},
): Promise<Telemetry> {
  const { metricsPort, metricsHost } = options;
  const distributions = new Distributions();
  const producers = [distributions];
  const traced = options.traces || extra.spanProcessors !== undefined;
  const traceRatio = traced ? options.traceRatio : undefined;
  const exporter =
    metricsPort === 0
      ? undefined
      : new PrometheusExporter({
          host: metricsHost,
          port: metricsPort,
          preventServerStart: true,
          metricProducers: producers,
        });
  const sdk = new NodeSDK({
    serviceName: options.serviceName,
    metricReaders: [
      ...(exporter === undefined ? [] : [exporter]),
      ...(extra.metricReaders?.(producers) ?? []),
    ],
    spanProcessors: [
      ...(options.traces ? [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })] : []),
      ...(extra.spanProcessors ?? []),
    ],
    // Commands without a caller's decision are drawn before they have a span.
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    instrumentations: [],
  });
  sdk.start();
  await exporter?.startServer();
  const tracer = trace.getTracer('hongyan');
  const meter = metrics.getMeter('hongyan');
  const stopWatching = exporter === undefined ? undefined : observeRuntime(meter);
  return {
    commands: (inner) => new MeasuredCommands(inner, tracer, traceRatio, distributions),
    broker: (inner) => new MeasuredBroker(inner, meter),
    observer: new MeasuredPath(tracer, distributions),
    gauge: (name, description, read) =>
      meter.createObservableGauge(name, { description }).addCallback((result) => result.observe(read())),
    counter: (name, description, label) => {
      const counter = meter.createCounter(name, { description });
      return (value, by = 1) => counter.add(by, { [label]: value });
    },
    stop() {
      stopWatching?.();
      return sdk.shutdown();
    },
  };
}
