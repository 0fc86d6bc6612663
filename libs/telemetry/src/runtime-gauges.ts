import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Meter } from '@opentelemetry/api';

/**
 * How the process fares, under the names of OpenTelemetry's semantic conventions. Read when somebody asks. The ready-made
 * instrumentation of the runtime observes every garbage collection and cost a quarter of the CPU of a busy server.
 * Answers what ends the watching.
 */
export function observeRuntime(meter: Meter): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let before = performance.eventLoopUtilization();
  const gauge = (name: string, unit: string, description: string, read: () => number) =>
    meter.createObservableGauge(name, { unit, description }).addCallback((result) => result.observe(read()));
  gauge('nodejs.eventloop.delay.p99', 's', 'Since it was last read.', () => {
    const seconds = delay.percentile(99) / 1e9;
    delay.reset();
    return seconds;
  });
  gauge('nodejs.eventloop.utilization', '1', 'Since it was last read.', () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  });
  gauge('v8js.memory.heap.used', 'By', 'Of the main thread.', () => process.memoryUsage().heapUsed);
  gauge('process.memory.usage', 'By', 'Resident, of all threads.', () => process.memoryUsage.rss());
  return () => void delay.disable();
}
