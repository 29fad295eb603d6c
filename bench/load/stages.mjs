// Where the time between the acknowledgement of a command and its effect in the other context goes, by the spans of both.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../statistics.mjs';

/** Milliseconds until the services have sent their spans, at most. */
const MAX_TO_ARRIVE = 10_000;
const SPANS = { command: 'POST', publish: 'publish ', apply: 'apply ', read: 'GET' };

/**
 * Median milliseconds of each stage, in order.
 * @typedef {{ relay: number, publish: number, fetch: number, apply: number, answer: number }} Stages
 */
/** @typedef {{ name: string, service: string, start: number, end: number }} Span milliseconds */

/** Receives the spans of traced services (OTLP in JSON). */
export async function receiveSpans() {
  /** @type {Map<string, Span[]>} */
  const traces = new Map();
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end();
    for (const { resource, scopeSpans } of JSON.parse(String(Buffer.concat(chunks))).resourceSpans) {
      const service = resource.attributes.find((/** @type {any} */ { key }) => key === 'service.name').value
        .stringValue;
      for (const span of scopeSpans.flatMap((/** @type {any} */ { spans }) => spans)) {
        const { traceId, name, startTimeUnixNano, endTimeUnixNano } = span;
        const times = { start: Number(startTimeUnixNano) / 1e6, end: Number(endTimeUnixNano) / 1e6 };
        traces.set(traceId, [...(traces.get(traceId) ?? []), { name, service, ...times }]);
      }
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    /** Of a service that records the spans of requests that ask for it, and of no others. */
    settings: (/** @type {string} */ service) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_TRACES_SAMPLER: 'parentbased_always_off',
      OTEL_BSP_SCHEDULE_DELAY: '500',
      OTEL_SERVICE_NAME: service,
    }),
    /** @param {readonly string[]} traceIds @returns {Promise<Stages>} */
    stagesOf: async (traceIds) => {
      const isWhole = (/** @type {string} */ id) => stages(traces.get(id) ?? []) !== undefined;
      const until = performance.now() + MAX_TO_ARRIVE;
      while (!traceIds.every(isWhole) && performance.now() < until) await sleep(100);
      const all = traceIds.flatMap((id) => stages(traces.get(id) ?? []) ?? []);
      if (all.length < traceIds.length / 2) throw new Error(`only ${all.length} of ${traceIds.length} traces arrived`);
      const median = (/** @type {keyof Stages} */ name) =>
        quantile(
          all.map((each) => each[name]),
          0.5,
        );
      const names = /** @type {(keyof Stages)[]} */ (['relay', 'publish', 'fetch', 'apply', 'answer']);
      return /** @type {Stages} */ (Object.fromEntries(names.map((name) => [name, median(name)])));
    },
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A trace that services record. */
export function newTrace() {
  const traceId = randomBytes(16).toString('hex');
  return { traceId, traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` };
}

/**
 * The stages of one command. Stages overlap a little: an event may be published before its command is acknowledged.
 * @param {readonly Span[]} spans @returns {Stages | undefined} undefined while spans are missing
 */
export function stages(spans) {
  const find = (/** @type {string} */ name, service = '') =>
    spans.find((span) => span.name.startsWith(name) && span.service.includes(service));
  const [command, publish, apply, read] = [
    find(SPANS.command),
    find(SPANS.publish),
    find(SPANS.apply, 'orders'),
    find(SPANS.read),
  ];
  if (!command || !publish || !apply || !read) return undefined;
  const times = [command.end, publish.start, publish.end, apply.start, apply.end, read.end];
  // Each begins where the one before it ended, at the earliest.
  times.forEach((time, index) => (times[index] = Math.max(time, times[index - 1] ?? -Infinity)));
  const [relay = NaN, publishing = NaN, fetch = NaN, applying = NaN, answer = NaN] = times
    .slice(1)
    .map((time, index) => time - /** @type {number} */ (times[index]));
  return { relay, publish: publishing, fetch, apply: applying, answer };
}
