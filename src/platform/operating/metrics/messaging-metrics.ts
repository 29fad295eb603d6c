import { Counter, Histogram } from 'prom-client';
import type { Consumed } from '../../consuming/dead-letter.js';
import type { DeadLettered, Handled, HandlingObserver } from '../../consuming/handling-observer.js';
import type { PendingEvent } from '../../aggregate/aggregates.js';
import type { RelayObserver } from '../../outbox/relay-observer.js';
import { exemplarOf } from './exemplar.js';
import type { OpenMetricsRegistry } from './exposition.js';

const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const SIZE_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/** Counts what the process writes, publishes and consumes. */
export class MessagingMetrics implements RelayObserver, HandlingObserver {
  private readonly bulkWrites: Histogram;
  private readonly latency: Histogram;
  private readonly batches: Histogram;
  private readonly published: Counter;
  private readonly publishedBytes: Counter;
  private readonly publishFailures: Counter;
  /** Published bytes by topic, as in the metric. */
  readonly bytesByTopic = new Map<string, number>();
  private readonly events: Counter;
  private readonly handling: Histogram;
  private readonly deadLetters: Counter;
  private readonly programmingErrors: Counter;

  constructor(registry: OpenMetricsRegistry) {
    const registers = [registry];
    const ofTopic = { labelNames: ['topic'], registers };
    const ofGroup = { labelNames: ['topic', 'group'], registers };
    this.bulkWrites = new Histogram({
      ...{ name: 'command_batch_size', help: 'Commands that share one bulk write.', ...ofTopic },
      buckets: SIZE_BUCKETS,
    });
    this.latency = new Histogram({
      ...{ name: 'publish_latency_seconds', help: "From an event's time to the log's acknowledgement.", ...ofTopic },
      ...{ buckets: LATENCY_BUCKETS, enableExemplars: true },
    });
    this.batches = new Histogram({
      ...{ name: 'publish_batch_size', help: 'Events that are published together.', ...ofTopic },
      buckets: SIZE_BUCKETS,
    });
    this.published = new Counter({
      ...{ name: 'published_events_total', help: 'Events that this process published.', ...ofTopic },
    });
    this.publishedBytes = new Counter({
      ...{ name: 'published_bytes_total', help: 'Size of these events as JSON, before compression.', ...ofTopic },
    });
    this.publishFailures = new Counter({
      ...{ name: 'publish_failures_total', help: 'Failed attempts to publish; they are repeated.', ...ofTopic },
    });
    this.events = new Counter({
      name: 'subscriber_events_total',
      help: 'Records that this process applied, skipped as older or duplicate versions, or failed on and will retry.',
      ...{ labelNames: ['topic', 'group', 'outcome'], registers },
    });
    this.handling = new Histogram({
      ...{ name: 'subscriber_handling_seconds', help: 'Duration of the handling of one delivery.', ...ofGroup },
      buckets: LATENCY_BUCKETS,
    });
    this.deadLetters = new Counter({
      ...{ name: 'dead_letters_total', help: 'Records that this process sent to the dead-letter topic.', ...ofGroup },
    });
    this.programmingErrors = new Counter({
      name: 'programming_errors_total',
      help: 'Dead-lettered records on which our own code failed repeatedly.',
      ...ofGroup,
    });
  }

  /** Creates the series of a published topic: an alert on an increase needs a first sample of 0. */
  expectPublished(topic: string): void {
    this.published.inc({ topic }, 0);
    this.publishFailures.inc({ topic }, 0);
  }

  /** Creates the series of a subscription. */
  expectConsumed({ topic, group }: Consumed): void {
    for (const outcome of ['applied', 'skipped', 'failed']) this.events.inc({ topic, group, outcome }, 0);
    this.deadLetters.inc({ topic, group }, 0);
    this.programmingErrors.inc({ topic, group }, 0);
  }

  onBulkWrite(topic: string, commands: number): void {
    this.bulkWrites.observe({ topic }, commands);
  }

  onPublished(topic: string, events: readonly Pick<PendingEvent, 'time' | 'json'>[]): void {
    const labels = { topic };
    const now = Date.now();
    const latencies = events.map(({ time }) => Math.max(0, now - Date.parse(time)) / 1000);
    const slowest = latencies.indexOf(Math.max(...latencies));
    for (const [index, value] of latencies.entries()) {
      const exemplarLabels = exemplarOf(index === slowest ? traceparentIn(events[index]?.json) : undefined);
      if (!Number.isNaN(value)) this.latency.observe({ labels, value, exemplarLabels });
    }
    this.batches.observe(labels, events.length);
    this.published.inc(labels, events.length);
    const bytes = events.reduce((sum, { json }) => sum + json.length, 0);
    this.publishedBytes.inc(labels, bytes);
    this.bytesByTopic.set(topic, (this.bytesByTopic.get(topic) ?? 0) + bytes);
  }

  onPublishFailed(topic: string): void {
    this.publishFailures.inc({ topic });
  }

  onHandled({ topic, group }: Consumed, { seconds, ...counts }: Handled): void {
    this.handling.observe({ topic, group }, seconds);
    for (const [outcome, count] of Object.entries(counts)) {
      if (count > 0) this.events.inc({ topic, group, outcome }, count);
    }
  }

  onDeadLetters({ topic, group }: Consumed, { count, programmingErrors }: DeadLettered): void {
    this.deadLetters.inc({ topic, group }, count);
    this.programmingErrors.inc({ topic, group }, programmingErrors);
  }
}

/** Finds the attribute without parsing the event: in canonical form it is near the end. */
function traceparentIn(json = ''): string | undefined {
  const name = '"traceparent":"';
  const start = json.lastIndexOf(name);
  return start < 0 ? undefined : json.slice(start + name.length, start + name.length + 55);
}
