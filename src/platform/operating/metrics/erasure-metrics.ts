import { Counter, Gauge } from 'prom-client';
import type { ErasureObserver } from '../../privacy/erasure-observer.js';
import type { UnconfirmedCount } from '../../privacy/unconfirmed-erasures.js';
import type { OpenMetricsRegistry } from './exposition.js';

const OF_CONTEXT = ['topic', 'context'] as const;

/** Counts erasures of persons and their confirmations. */
export class ErasureMetrics implements ErasureObserver {
  private readonly requested: Counter;
  private readonly confirmed: Counter;

  constructor(private readonly registry: OpenMetricsRegistry) {
    this.requested = new Counter({
      name: 'erasures_total',
      help: 'Erasures of persons that this process has applied, in the context that owns them.',
      labelNames: ['topic'],
      registers: [registry],
    });
    this.confirmed = new Counter({
      name: 'erasure_confirmations_total',
      help: 'Erasures that this process has confirmed for a context that copies the persons.',
      labelNames: OF_CONTEXT,
      registers: [registry],
    });
  }

  onErased(topic: string, count: number): void {
    this.requested.inc({ topic }, count);
  }

  onConfirmed(topic: string, context: string, count: number): void {
    this.confirmed.inc({ topic, context }, count);
  }

  /** Measures at each scrape which erasures are not confirmed. */
  watchUnconfirmed(counts: () => Promise<readonly UnconfirmedCount[]>): void {
    this.measure(
      'erasures_unconfirmed',
      'Erasures since the start of this process that the context has not confirmed.',
      async () => (await counts()).map((each) => ({ ...each, value: each.count })),
    );
    this.measure('erasure_oldest_unconfirmed_seconds', 'Age of the oldest of them; 0 if there is none.', async () =>
      (await counts()).map((each) => ({ ...each, value: each.oldestSeconds })),
    );
  }

  private measure(
    name: string,
    help: string,
    values: () => Promise<readonly (UnconfirmedCount & { readonly value: number | undefined })[]>,
  ): void {
    const gauge: Gauge = new Gauge({
      ...{ name, help, labelNames: OF_CONTEXT, registers: [this.registry] },
      collect: async () => {
        for (const { keysTopic: topic, context, value = Number.NaN } of await values()) {
          gauge.set({ topic, context }, value);
        }
      },
    });
  }
}
