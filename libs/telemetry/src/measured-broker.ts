import type { Meter } from '@opentelemetry/api';
import type { Broker, Delivery, EventClass } from '@hongyan/protocol';
import { attributeNames, metricNames } from './names.js';

/** Counts what is published, by class. */
export class MeasuredBroker implements Broker {
  private readonly published = new Map<EventClass, number>();

  constructor(
    private readonly inner: Broker,
    meter: Meter,
  ) {
    const counter = meter.createObservableCounter(metricNames.eventsPublished, {
      description: 'Events handed to delivery, by class; one event may go to many sessions.',
    });
    counter.addCallback((result) => {
      for (const [eventClass, count] of this.published)
        result.observe(count, { [attributeNames.eventClass]: eventClass });
    });
  }

  publish(deliveries: readonly Delivery[]): void {
    for (const { class: eventClass } of deliveries)
      this.published.set(eventClass, (this.published.get(eventClass) ?? 0) + 1);
    this.inner.publish(deliveries);
  }
}
