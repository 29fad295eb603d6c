import { type Metric, type OpenMetricsContentType, Registry, type RegistryContentType } from 'prom-client';

/** Metrics in the format that was asked for. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

const OPEN_METRICS = /^application\/openmetrics-text(?:\s*;|$)/;
const REFUSED = /;\s*q=0(?:\.0*)?\s*(?:;|$)/;

/** Returns a registry in which metrics may have exemplars. */
export function openMetricsRegistry(): OpenMetricsRegistry {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

export type OpenMetricsRegistry = Registry<OpenMetricsContentType>;

/**
 * Resolves with all metrics of a registry: in the OpenMetrics format, which has exemplars, if the client accepts it, and
 * otherwise in the Prometheus text format.
 * @param accept the request's header of this name
 */
export async function exposition(metrics: OpenMetricsRegistry, accept = ''): Promise<Exposition> {
  const ranges = accept.split(',').map((range) => range.trim());
  const isOpen = ranges.some((range) => OPEN_METRICS.test(range) && !REFUSED.test(range));
  const rendering: Registry<RegistryContentType> = isOpen ? openMetricsRegistry() : new Registry();
  // In OpenMetrics, counters are named without `_total`. prom-client changes the names of the metrics themselves, which
  // would be wrong in the other format from then on: it gets objects that inherit from them.
  for (const metric of metrics.getMetricsAsArray()) rendering.registerMetric(Object.create(metric) as Metric);
  return { contentType: rendering.contentType, text: await rendering.metrics() };
}
