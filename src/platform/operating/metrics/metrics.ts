import { collectDefaultMetrics, Counter, Gauge, Histogram } from 'prom-client';
import type { PendingCount } from '../../consuming/pending-dead-letters.js';
import type { BacklogReport } from '../../outbox/backlog-watch.js';
import { type Disagreement, DISAGREEMENTS } from '../../rebuilding/log-guard.js';
import type { ConsumerLag } from '../../consuming/consumer-lag.js';
import type { Readiness } from '../health.js';
import { ErasureMetrics } from './erasure-metrics.js';
import { exemplarOf } from './exemplar.js';
import { type Exposition, exposition, openMetricsRegistry } from './exposition.js';
import { MessagingMetrics } from './messaging-metrics.js';

/** Values of the label `method`; a client may send any other. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

const STATUSES: readonly Readiness['status'][] = ['ready', 'degraded', 'not-ready'];

/** One request that was answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** The path template. The path itself would create one time series per customer. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** A run on a module, and how far it is. */
export interface JobProgress {
  readonly module: string;
  readonly kind: string;
  readonly read: number;
  readonly total: number;
  /** Undefined while it runs. */
  readonly outcome?: string;
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
  /** Numbers of completed requests since the start: those that may change something, the others, and 5xx of both. */
  readonly answered = { commands: 0, reads: 0, failures: 0 };
  private readonly registry = openMetricsRegistry();
  private readonly requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    enableExemplars: true,
    registers: [this.registry],
  });
  /** Counts what the process writes, publishes and consumes. */
  readonly messaging = new MessagingMetrics(this.registry);
  /** Counts erasures of persons. */
  readonly erasures = new ErasureMetrics(this.registry);

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** @param traceparent W3C Trace Context of the request */
  observe({ method, route, status, seconds }: AnsweredRequest, traceparent?: string): void {
    const isRead = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
    this.answered[isRead ? 'reads' : 'commands'] += 1;
    if (status >= 500) this.answered.failures += 1;
    this.requests.observe({
      labels: { method: METHODS.has(method) ? method : 'OTHER', route, status },
      value: seconds,
      exemplarLabels: exemplarOf(traceparent),
    });
  }

  /** Reports readiness at each scrape. @param status undefined while unknown */
  watchReadiness(status: () => Promise<Readiness['status'] | undefined>): void {
    const gauge: Gauge = new Gauge({
      name: 'readiness',
      help: '1 for the status that /health/ready reports, 0 for the others.',
      labelNames: ['status'],
      registers: [this.registry],
      collect: async () => {
        const found = await status();
        for (const each of STATUSES)
          gauge.set({ status: each }, found === undefined ? Number.NaN : Number(each === found));
      },
    });
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

  /** Measures pending dead letters at each scrape. */
  watchDeadLetters(counts: () => Promise<readonly PendingCount[]>): void {
    this.measureGroups(
      'dead_letters_waiting',
      'Pending dead letters: those that have been neither redriven nor discarded.',
      async () => (await counts()).map(({ topic, group, pending }) => ({ topic, group, count: pending })),
    );
  }

  /** Measures consumer lag at each scrape. */
  watchSubscribers(lags: () => Promise<readonly ConsumerLag[]>): void {
    this.measureGroups(
      'subscriber_unread_records',
      'Consumer lag: records that the group has not processed yet.',
      async () => (await lags()).map(({ topic, group, lag }) => ({ topic, group, count: lag })),
    );
    this.measureGroups(
      'subscriber_lag_seconds',
      'Consumer lag: age of the oldest record that the group has not processed yet; 0 if there is none.',
      async () => (await lags()).map(({ topic, group, seconds }) => ({ topic, group, count: seconds })),
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

  /** Reports the progress of running replays, verifications and the like at each scrape. */
  watchJobs(jobs: () => readonly JobProgress[]): void {
    const gauges = { read: 'handled so far', total: 'to handle in this phase' } as const;
    for (const [of, meaning] of Object.entries(gauges) as ['read' | 'total', string][]) {
      const gauge: Gauge = new Gauge({
        name: `job_records_${of}`,
        help: `Records that a running replay, verification or republishing has ${meaning}.`,
        labelNames: ['module', 'kind'],
        registers: [this.registry],
        collect: () => {
          gauge.reset();
          for (const job of jobs())
            if (job.outcome === undefined) gauge.set({ module: job.module, kind: job.kind }, job[of]);
        },
      });
    }
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

  /** Resolves with all metrics, in the format that the client accepts. @param accept the header of this name */
  expose(accept?: string): Promise<Exposition> {
    return exposition(this.registry, accept);
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
