import { absentGauge } from '@runlane/service-kit';
import type { Registry } from '@runlane/service-kit';
import { Counter, Histogram } from 'prom-client';
import { SECONDS } from './buckets.ts';

/** What leaves the ledger for Kafka. */
export function createRelayMetrics(registry: Registry) {
  const registers = [registry];
  return {
    published: new Counter({ name: 'runlane_events_published_total', help: 'Status events published.', registers }),
    heldThreads: absentGauge({
      registry,
      name: 'runlane_relay_held_threads',
      help: 'Threads with an event that is too large for the status topic, in the process that relays.',
    }),
    publishDelay: new Histogram({
      name: 'runlane_event_publish_delay_seconds',
      help: 'Age of the oldest event of each published batch.',
      buckets: SECONDS,
      registers,
    }),
    deadLettersWaiting: absentGauge({
      registry,
      name: 'runlane_dead_letters_waiting',
      help: 'Dead letters that are not published yet, up to 50000; the same in every process with the role relay: use max.',
    }),
    oldestDeadLetter: absentGauge({
      registry,
      name: 'runlane_dead_letters_oldest_seconds',
      help: 'Time for which the oldest unpublished dead letter has waited, or 0; the same in every process with the role relay: use max.',
    }),
  };
}
