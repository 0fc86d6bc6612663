import { metrics, trace } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { MetricReader } from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { MeasuredBroker } from './measured-broker.js';
import { MeasuredCommands } from './measured-commands.js';
import { MeasuredPath } from './measured-path.js';
import type { Telemetry, TelemetryOptions } from './types.js';

/** Readers and processors beside those of the options: for specs. */
export interface ExtraSinks {
  readonly metricReaders?: MetricReader[];
  readonly spanProcessors?: SpanProcessor[];
}

/** Starts the OpenTelemetry SDK of this process. Once per process; a port in use is thrown as it is. */
export async function startOpenTelemetry(
  options: TelemetryOptions,
  extra: ExtraSinks = {},
): Promise<Telemetry> {
  const { metricsPort, metricsHost } = options;
  const exporter =
    metricsPort === 0
      ? undefined
      : new PrometheusExporter({ host: metricsHost, port: metricsPort, preventServerStart: true });
  const sdk = new NodeSDK({
    serviceName: options.serviceName,
    metricReaders: [...(exporter === undefined ? [] : [exporter]), ...(extra.metricReaders ?? [])],
    spanProcessors: [
      ...(options.traces ? [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })] : []),
      ...(extra.spanProcessors ?? []),
    ],
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.traceRatio) }),
    instrumentations: exporter === undefined ? [] : [new RuntimeNodeInstrumentation()],
  });
  sdk.start();
  await exporter?.startServer();
  const tracer = trace.getTracer('hongyan');
  const meter = metrics.getMeter('hongyan');
  return {
    commands: (inner) => new MeasuredCommands(inner, tracer, meter),
    broker: (inner) => new MeasuredBroker(inner, meter),
    observer: new MeasuredPath(tracer, meter),
    gauge: (name, description, read) =>
      meter.createObservableGauge(name, { description }).addCallback((result) => result.observe(read())),
    counter: (name, description, label) => {
      const counter = meter.createCounter(name, { description });
      return (value) => counter.add(1, { [label]: value });
    },
    stop: () => sdk.shutdown(),
  };
}
