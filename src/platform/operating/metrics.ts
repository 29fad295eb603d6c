import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PendingCount } from '../consuming/pending-dead-letters.js';
import type { BacklogReport } from '../outbox/backlog-watch.js';
import { type Disagreement, DISAGREEMENTS } from '../rebuilding/log-guard.js';
import type { ConsumerLag } from '../consuming/consumer-lag.js';

/** Values of the label `method`; a client may send any other. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** One request that was answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** The path template. The path itself would create one time series per customer. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

interface GroupCount {
  readonly topic: string;
  readonly group: string;
  /** Undefined while unknown. */
  readonly count: number | undefined;
}

interface OutboxMeasure {
  readonly name: string;
  readonly help: string;
  readonly of: (report: BacklogReport) => number | undefined;
}

/** The Prometheus metrics of the process. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  });
  private readonly deadLetters = new Counter({
    name: 'dead_letters_total',
    help: 'Records that this process sent to the dead-letter topic.',
    labelNames: ['topic', 'group'],
    registers: [this.registry],
  });

  private readonly programmingErrors = new Counter({
    name: 'programming_errors_total',
    help: 'Dead-lettered records on which our own code failed repeatedly.',
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
    this.requests.observe({ method: METHODS.has(method) ? method : 'OTHER', route, status }, seconds);
  }

  /** Measures unpublished events at each scrape. */
  watchOutboxes(reports: () => Promise<readonly BacklogReport[]>): void {
    this.measureOutboxes(reports, {
      name: 'outbox_pending_events',
      help: 'Committed events that are not yet published; a lower bound for very large backlogs.',
      of: ({ events }) => events,
    });
    this.measureOutboxes(reports, {
      name: 'outbox_oldest_pending_seconds',
      help: 'Age of the oldest pending event; 0 if there is none.',
      of: ({ events, oldestSeconds = 0 }) => (events === undefined ? undefined : oldestSeconds),
    });
    this.measureOutboxes(reports, {
      name: 'outbox_set_aside_aggregates',
      help: 'Aggregates whose events are held back because the topic refuses one of them.',
      of: ({ setAside }) => setAside,
    });
  }

  /** Counts records of a topic that a group dead-lettered. */
  countDeadLetters(
    { topic, group }: { readonly topic: string; readonly group: string },
    { count, programmingErrors }: { readonly count: number; readonly programmingErrors: number },
  ): void {
    this.deadLetters.inc({ topic, group }, count);
    this.programmingErrors.inc({ topic, group }, programmingErrors);
  }

  /** Measures pending dead letters at each scrape. */
  watchDeadLetters(counts: () => Promise<readonly PendingCount[]>): void {
    this.measureGroups('dead_letters_waiting', 'Pending dead letters: those that have not been redriven.', async () =>
      (await counts()).map(({ topic, group, pending }) => ({ topic, group, count: pending })),
    );
  }

  /** Measures consumer lag at each scrape. */
  watchSubscribers(counts: () => Promise<readonly ConsumerLag[]>): void {
    this.measureGroups(
      'subscriber_unread_records',
      'Consumer lag: records that the group has not processed yet.',
      async () => (await counts()).map(({ topic, group, lag }) => ({ topic, group, count: lag })),
    );
  }

  /** Reports consumer restarts at each scrape. */
  watchConsumers(restarts: () => ReadonlyMap<string, number>): void {
    const counter: Counter = new Counter({
      name: 'consumer_restarts_total',
      help: 'Restarts of the consumer because it lagged and made no progress.',
      labelNames: ['group'],
      registers: [this.registry],
      collect: () => {
        counter.reset();
        for (const [group, count] of restarts()) counter.inc({ group }, count);
      },
    });
  }

  /** Reports at each scrape how each module's database and log disagree. */
  watchDisagreements(disagreements: () => ReadonlyMap<string, Disagreement | undefined>): void {
    const gauge: Gauge = new Gauge({
      name: 'log_disagreement',
      help: "1 while the module's database and the log disagree in this way; commands are then refused.",
      labelNames: ['module', 'type'],
      registers: [this.registry],
      collect: () => {
        for (const [module, found] of disagreements()) {
          for (const type of DISAGREEMENTS) gauge.set({ module, type }, found === type ? 1 : 0);
        }
      },
    });
  }

  /** Resolves with all metrics in the Prometheus text format. */
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
          // NaN while the database is unavailable.
          gauge.set({ topic: report.topic }, of(report) ?? Number.NaN);
        }
      },
    });
  }
}
