import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PendingCount } from '../consuming/pending-dead-letters.js';
import type { BacklogReport } from '../outbox/backlog-watch.js';
import { type Disagreement, DISAGREEMENTS } from '../rebuilding/log-guard.js';
import type { ConsumerLag } from '../consuming/consumer-lag.js';

/** One answered request. */
export interface AnsweredRequest {
  readonly method: string;
  /** The path's template; never the path itself, of which there are as many as customers. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

interface GroupCount {
  readonly topic: string;
  readonly group: string;
  /** Undefined while nobody knows. */
  readonly count: number | undefined;
}

interface OutboxMeasure {
  readonly name: string;
  readonly help: string;
  readonly of: (report: BacklogReport) => number | undefined;
}

/** What the process counts and measures, in Prometheus' own terms. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from request to answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  });
  private readonly deadLetters = new Counter({
    name: 'dead_letters_total',
    help: 'Records that this process put to the dead letters.',
    labelNames: ['topic', 'group'],
    registers: [this.registry],
  });

  private readonly programmingErrors = new Counter({
    name: 'programming_errors_total',
    help: 'Of these, records on which our own code failed, time and again.',
    labelNames: ['topic', 'group'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Media type of {@link expose}. */
  get contentType(): string {
    return this.registry.contentType;
  }

  observe({ method, route, status, seconds }: AnsweredRequest): void {
    this.requests.observe({ method, route, status }, seconds);
  }

  /** Measures, whenever asked, what is committed and not yet published. */
  watchOutboxes(reports: () => Promise<readonly BacklogReport[]>): void {
    this.measureOutboxes(reports, {
      name: 'outbox_pending_events',
      help: 'Events that are committed and not yet published; where there are very many, not all are counted.',
      of: ({ events }) => events,
    });
    this.measureOutboxes(reports, {
      name: 'outbox_oldest_pending_seconds',
      help: 'How long the oldest of them waits; 0 when there is none.',
      of: ({ events, oldestSeconds = 0 }) => (events === undefined ? undefined : oldestSeconds),
    });
    this.measureOutboxes(reports, {
      name: 'outbox_set_aside_aggregates',
      help: 'Aggregates that are not published, because the topic refuses an event of theirs.',
      of: ({ setAside }) => setAside,
    });
  }

  /** Counts records of a topic that a group gave up. */
  countDeadLetters(
    { topic, group }: { readonly topic: string; readonly group: string },
    { count, programmingErrors }: { readonly count: number; readonly programmingErrors: number },
  ): void {
    this.deadLetters.inc({ topic, group }, count);
    this.programmingErrors.inc({ topic, group }, programmingErrors);
  }

  /** Measures, whenever asked, how many dead letters wait. */
  watchDeadLetters(counts: () => Promise<readonly PendingCount[]>): void {
    this.measureGroups('dead_letters_waiting', 'Dead letters that have not been redriven.', async () =>
      (await counts()).map(({ topic, group, waiting }) => ({ topic, group, count: waiting })),
    );
  }

  /** Measures, whenever asked, how far subscribers are behind. */
  watchSubscribers(counts: () => Promise<readonly ConsumerLag[]>): void {
    this.measureGroups('subscriber_unread_records', 'Records that the consumer group has still to take.', async () =>
      (await counts()).map(({ topic, group, unread }) => ({ topic, group, count: unread })),
    );
  }

  /** Tells, whenever asked, how often the consumers of the groups were replaced. */
  watchConsumers(restarts: () => ReadonlyMap<string, number>): void {
    const counter: Counter = new Counter({
      name: 'consumer_restarts_total',
      help: 'Times that the consumer of the group was replaced because it was behind and did not move.',
      labelNames: ['group'],
      registers: [this.registry],
      collect: () => {
        counter.reset();
        for (const [group, count] of restarts()) counter.inc({ group }, count);
      },
    });
  }

  /** Tells, whenever asked, which modules' databases and logs disagree, and how. */
  watchDisagreements(disagreements: () => ReadonlyMap<string, Disagreement | undefined>): void {
    const gauge: Gauge = new Gauge({
      name: 'log_disagreement',
      help: "1 while the module's database and the log disagree in this way, and commands are refused.",
      labelNames: ['module', 'type'],
      registers: [this.registry],
      collect: () => {
        for (const [module, found] of disagreements()) {
          for (const type of DISAGREEMENTS) gauge.set({ module, type }, found === type ? 1 : 0);
        }
      },
    });
  }

  /** Everything, in the text format. */
  expose(): Promise<string> {
    return this.registry.metrics();
  }

  private measureGroups(name: string, help: string, counts: () => Promise<readonly GroupCount[]>): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: ['topic', 'group'],
      registers: [this.registry],
      collect: async () => {
        for (const { topic, group, count = Number.NaN } of await counts()) gauge.set({ topic, group }, count);
      },
    });
  }

  private measureOutboxes(reports: () => Promise<readonly BacklogReport[]>, { name, help, of }: OutboxMeasure): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: ['topic'],
      registers: [this.registry],
      collect: async () => {
        for (const report of await reports()) {
          // While the database is away nobody knows.
          gauge.set({ topic: report.topic }, of(report) ?? Number.NaN);
        }
      },
    });
  }
}
