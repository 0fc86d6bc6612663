import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { hrTime } from '@opentelemetry/core';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  type HistogramMetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';

/** Values counted in buckets, since the process started. */
export class Distribution {
  private readonly counts: number[];
  private sum = 0;
  private count = 0;

  /** `boundaries`: inclusive upper ends, ascending; what is above the last has a bucket of its own. */
  constructor(
    readonly attributes: Attributes,
    private readonly boundaries: readonly number[],
  ) {
    this.counts = Array.from({ length: boundaries.length + 1 }, () => 0);
  }

  add(value: number): void {
    const { boundaries } = this;
    let at = 0;
    while (at < boundaries.length && value > boundaries[at]!) at += 1;
    this.counts[at]! += 1;
    this.sum += value;
    this.count += 1;
  }

  point(startTime: HrTime, endTime: HrTime): HistogramMetricData['dataPoints'][number] {
    const buckets = { boundaries: [...this.boundaries], counts: [...this.counts] };
    const value = { buckets, sum: this.sum, count: this.count };
    return { startTime, endTime, attributes: this.attributes, value };
  }
}

export interface DistributionKind {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly boundaries: readonly number[];
}

/**
 * Histograms for the path of a message. An instrument of OpenTelemetry finds its attributes by a hash at every value;
 * here whoever counts holds on to the {@link Distribution} of its attributes, and OpenTelemetry reads it when asked.
 */
export class Distributions implements MetricProducer {
  private readonly kinds: { kind: DistributionKind; members: Distribution[] }[] = [];
  private readonly startTime = hrTime();

  /** Answers how to get one of this kind: keep what it answers, and ask once per set of attributes. */
  kind(kind: DistributionKind): (attributes: Attributes) => Distribution {
    const members: Distribution[] = [];
    this.kinds.push({ kind, members });
    return (attributes) => {
      const distribution = new Distribution(attributes, kind.boundaries);
      members.push(distribution);
      return distribution;
    };
  }

  collect(): Promise<CollectionResult> {
    const endTime = hrTime();
    const metrics = this.kinds.map(({ kind: { name, description, unit }, members }): HistogramMetricData => ({
      descriptor: { name, description, unit, valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: members.map((member) => member.point(this.startTime, endTime)),
    }));
    const scopeMetrics = [{ scope: { name: 'hongyan' }, metrics }];
    return Promise.resolve({ resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] });
  }
}
