import type { Counter, Meter } from '@opentelemetry/api';
import type { Broker, Delivery } from '@hongyan/protocol';
import { attributeNames, metricNames } from './names.js';

/** Counts what is published, by class. */
export class MeasuredBroker implements Broker {
  private readonly published: Counter;

  constructor(
    private readonly inner: Broker,
    meter: Meter,
  ) {
    this.published = meter.createCounter(metricNames.eventsPublished, {
      description: 'Events handed to delivery, by class; one event may go to many sessions.',
    });
  }

  publish(deliveries: readonly Delivery[]): void {
    for (const { class: eventClass } of deliveries)
      this.published.add(1, { [attributeNames.eventClass]: eventClass });
    this.inner.publish(deliveries);
  }
}
