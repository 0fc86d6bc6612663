import { metrics, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  type MetricProducer,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { AppError, asAppId, asClientId, type Commands, type Delivery } from '@hongyan/protocol';
import { Distributions } from './distributions.js';
import { MeasuredCommands } from './measured-commands.js';
import { metricNames } from './names.js';
import { startOpenTelemetry } from './open-telemetry.js';
import { startTelemetry, telemetryOff } from './telemetry.js';
import type { Telemetry } from './types.js';

const spans = new InMemorySpanExporter();
const processor = new SimpleSpanProcessor({ exporter: spans });
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
let reader: PeriodicExportingMetricReader;
let telemetry: Telemetry;

function readerOf(metricProducers: MetricProducer[]): PeriodicExportingMetricReader {
  reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 3_600_000,
    exportTimeoutMillis: 1000,
    metricProducers,
  });
  return reader;
}

beforeAll(async () => {
  telemetry = await startOpenTelemetry(
    {
      serviceName: 'spec',
      metricsPort: 0,
      metricsHost: '127.0.0.1',
      traces: false,
      traceRatio: 1,
    },
    { metricReaders: (producers) => [readerOf(producers)], spanProcessors: [processor] },
  );
});
afterAll(() => telemetry.stop());

const caller = { app: asAppId('secret-app'), client: asClientId('secret-client'), server: false };
const read = { conversation: 'c', seq: 1 } as never;

/** Commands that go the path of a message, or refuse. */
const inner: Commands = {
  execute: async (_caller, name) => {
    if (name === 'conversation.get') throw new AppError('not_found');
    const mark = telemetry.observer?.mark();
    const durable = telemetry.observer?.appending([mark, undefined]);
    await Promise.resolve();
    durable?.();
    telemetry.observer?.publishing([mark])();
    return {} as never;
  },
  sessionOpened: () => Promise.resolve(),
  sessionClosed: () => Promise.resolve(),
};

it('is nothing at all when it is switched off', async () => {
  const off = await startTelemetry({
    serviceName: 's',
    metricsPort: 0,
    metricsHost: '',
    traces: false,
    traceRatio: 1,
  });
  expect(off).toBe(telemetryOff);
  expect(off.commands(inner)).toBe(inner);
  expect(off.observer).toBeUndefined();
});

it('follows a command from the door through the store to delivery, in the trace of its caller', async () => {
  const commands = telemetry.commands(inner);
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  await commands.execute(caller, 'message.send', read, {
    deadline: Infinity,
    traceparent: `00-${traceId}-b7ad6b7169203331-01`,
  });
  await processor.forceFlush();
  const found = spans.getFinishedSpans();
  expect(found.map((span) => span.name)).toEqual(['append', 'publish', 'message.send']);
  expect(new Set(found.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
  const [append, publish, command] = found;
  expect([append?.parentSpanContext?.spanId, publish?.parentSpanContext?.spanId]).toEqual(
    Array(2).fill(command?.spanContext().spanId),
  );
});

it('traces the share that was asked for of commands whose callers do not decide', async () => {
  spans.reset();
  const none = new MeasuredCommands(inner, trace.getTracer('spec'), 0, new Distributions());
  const all = new MeasuredCommands(inner, trace.getTracer('spec'), 1, new Distributions());
  await none.execute(caller, 'message.send', read, { deadline: Infinity });
  expect(spans.getFinishedSpans()).toEqual([]);
  await all.execute(caller, 'message.send', read, { deadline: Infinity });
  await processor.forceFlush();
  expect(spans.getFinishedSpans().map((span) => span.name)).toContain('message.send');
});

it('counts by operation and outcome, with no label that names a tenant or a client', async () => {
  const commands = telemetry.commands(inner);
  await expect(
    commands.execute(caller, 'conversation.get', read, { deadline: Infinity }),
  ).rejects.toMatchObject({ error: 'not_found' });
  const published: Delivery[] = [];
  telemetry
    .broker({ publish: (deliveries) => published.push(...deliveries) })
    .publish([
      { app: caller.app, audience: { kind: 'clients', clients: [] }, class: 'entry', event: {} as never },
    ]);
  expect(published).toHaveLength(1);
  telemetry.gauge(metricNames.sessions, 'open', () => 7);
  await reader.forceFlush();
  const text = JSON.stringify(exporter.getMetrics().map(({ scopeMetrics }) => scopeMetrics));
  for (const part of ['conversation.get', 'not_found', 'hongyan.events.published', '"hongyan.sessions"'])
    expect(text).toContain(part);
  expect(text).not.toMatch(/secret/);
  expect(metrics.getMeterProvider()).toBeDefined();
});
