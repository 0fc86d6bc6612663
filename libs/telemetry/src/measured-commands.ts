import {
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import {
  AppError,
  type Args,
  type CallOptions,
  type Caller,
  type Commands,
  type OpenSession,
  type OperationName,
  type Result,
} from '@hongyan/protocol';
import type { Distribution, Distributions } from './distributions.js';
import { attributeNames, metricNames } from './names.js';

/**
 * `Commands` with a duration per operation and outcome, and a span per sampled command. Whoever calls through it need not
 * know; without telemetry it is not there at all.
 */
export class MeasuredCommands implements Commands {
  private readonly newDuration: (attributes: Record<string, string>) => Distribution;
  private readonly durations = new Map<OperationName, Map<string, Distribution>>();

  constructor(
    private readonly inner: Commands,
    private readonly tracer: Tracer,
    /** The share of commands that are traced when their caller does not say; undefined: none, whoever says what. */
    private readonly traceRatio: number | undefined,
    distributions: Distributions,
  ) {
    this.newDuration = distributions.kind({
      name: metricNames.commandDuration,
      description: 'From the call of a command to its answer, by operation and outcome.',
      unit: 's',
      boundaries: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    });
  }

  execute<N extends OperationName>(
    caller: Caller,
    name: N,
    args: Args<N>,
    options: CallOptions,
  ): Promise<Result<N>> {
    const started = performance.now();
    const span = this.startSpan(caller, name, options);
    const answer =
      span === undefined
        ? this.inner.execute(caller, name, args, options)
        : context.with(trace.setSpan(context.active(), span), () =>
            this.inner.execute(caller, name, args, options),
          );
    answer.then(
      () => this.ended(name, started, 'ok', span),
      (error: unknown) =>
        this.ended(name, started, error instanceof AppError ? error.error : 'internal', span),
    );
    return answer;
  }

  sessionOpened(session: OpenSession): Promise<void> {
    return this.inner.sessionOpened(session);
  }

  sessionClosed(session: OpenSession, reason: Parameters<Commands['sessionClosed']>[1]): Promise<void> {
    return this.inner.sessionClosed(session, reason);
  }

  /** Undefined: not sampled, so that the rest of the way pays nothing. */
  private startSpan(caller: Caller, name: OperationName, options: CallOptions): Span | undefined {
    if (this.traceRatio === undefined) return undefined;
    // Decided here, as even a span that is not recorded costs ids, objects and a sampler's look at them.
    if (options.traceparent === undefined && Math.random() >= this.traceRatio) return undefined;
    const parent: Context =
      options.traceparent === undefined
        ? context.active()
        : propagation.extract(context.active(), { traceparent: options.traceparent });
    const span = this.tracer.startSpan(
      name,
      {
        kind: SpanKind.SERVER,
        attributes: {
          [attributeNames.operation]: name,
          [attributeNames.caller]: caller.server ? 'server' : 'client',
          [attributeNames.appId]: caller.app,
        },
      },
      parent,
    );
    return span.isRecording() ? span : undefined;
  }

  private ended(operation: OperationName, started: number, outcome: string, span: Span | undefined): void {
    this.duration(operation, outcome).add((performance.now() - started) / 1000);
    if (span === undefined) return;
    if (outcome !== 'ok') {
      span.setAttribute(attributeNames.outcome, outcome);
      if (outcome === 'internal') span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  }

  private duration(operation: OperationName, outcome: string): Distribution {
    let outcomes = this.durations.get(operation);
    if (outcomes === undefined) this.durations.set(operation, (outcomes = new Map<string, Distribution>()));
    let duration = outcomes.get(outcome);
    if (duration === undefined) {
      duration = this.newDuration({
        [attributeNames.operation]: operation,
        [attributeNames.outcome]: outcome,
      });
      outcomes.set(outcome, duration);
    }
    return duration;
  }
}
