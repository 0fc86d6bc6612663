import { context, type Link, type Span, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import type { PathObserver } from '@hongyan/conversations';
import type { Distribution, Distributions } from './distributions.js';
import { attributeNames, metricNames, spanNames } from './names.js';

/**
 * What happens to commands behind the queue of their conversation. A batch serves many commands: its spans belong to the
 * first sampled one and link to the others.
 */
export class MeasuredPath implements PathObserver {
  private readonly duration: Distribution;
  private readonly batch: Distribution;

  constructor(
    private readonly tracer: Tracer,
    distributions: Distributions,
  ) {
    this.duration = distributions.kind({
      name: metricNames.appendDuration,
      description: 'From handing a batch to the store until it is durable.',
      unit: 's',
      boundaries: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    })({});
    this.batch = distributions.kind({
      name: metricNames.appendBatch,
      description: 'Entries of one conversation that shared a batch.',
      unit: '',
      boundaries: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    })({});
  }

  mark(): Span | undefined {
    const span = trace.getActiveSpan();
    return span?.isRecording() ? span : undefined;
  }

  appending(marks: readonly unknown[]): (error?: unknown) => void {
    const started = performance.now();
    const span = this.start(spanNames.append, marks);
    return (error) => {
      this.duration.add((performance.now() - started) / 1000);
      this.batch.add(marks.length);
      if (error !== undefined) span?.setStatus({ code: SpanStatusCode.ERROR });
      span?.end();
    };
  }

  publishing(marks: readonly unknown[]): () => void {
    const span = this.start(spanNames.publish, marks);
    return () => span?.end();
  }

  private start(name: string, marks: readonly unknown[]): Span | undefined {
    const sampled = marks.filter((mark): mark is Span => mark !== undefined);
    const [first, ...others] = sampled;
    if (first === undefined) return undefined;
    const links: Link[] = others.map((span) => ({ context: span.spanContext() }));
    return this.tracer.startSpan(
      name,
      { attributes: { [attributeNames.batch]: marks.length }, links },
      trace.setSpan(context.active(), first),
    );
  }
}
