import { beforeEach, describe, expect, it } from '@jest/globals';
import { Metrics } from './metrics.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const request = { method: 'GET', route: '/orders', status: 200, seconds: 0.02 };

describe('the metrics of a process', () => {
  let metrics: Metrics;

  beforeEach(() => {
    metrics = new Metrics();
  });

  const lines = async (accept?: string) => (await metrics.expose(accept)).text.split('\n');

  it('are text for a client that does not ask for OpenMetrics', async () => {
    metrics.observe(request, TRACEPARENT);
    for (const accept of [undefined, '*/*', 'text/plain', 'application/openmetrics-text;q=0', 'application/json']) {
      const { contentType, text } = await metrics.expose(accept);
      expect([accept, contentType]).toEqual([accept, 'text/plain; version=0.0.4; charset=utf-8']);
      expect(text).not.toContain(TRACE);
      expect(text).not.toContain('# EOF');
    }
  });

  it('name the trace of a request in OpenMetrics, in the bucket of its duration', async () => {
    metrics.observe(request, TRACEPARENT);
    const { contentType, text } = await metrics.expose(OPEN_METRICS);

    expect(contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(text.endsWith('# EOF\n')).toBe(true);
    const found = text.split('\n').filter((line) => line.includes(`# {trace_id="${TRACE}"} 0.02 `));
    expect(found).toEqual([expect.stringContaining('le="0.025",method="GET",route="/orders",status="200"} 1 #')]);
  });

  it('take no exemplar of what is not a trace', async () => {
    metrics.observe(request, `00-${'x'.repeat(200)}-b7ad6b7169203331-01`);

    expect((await metrics.expose(OPEN_METRICS)).text).not.toContain('# {');
  });

  it('name counters the same in both formats, whichever was asked for before', async () => {
    metrics.messaging.onPublishFailed('topic');
    const sample = 'publish_failures_total{topic="topic"} 1';
    for (const accept of [undefined, OPEN_METRICS, undefined, OPEN_METRICS]) {
      expect(await lines(accept)).toContain(sample);
    }
    const [text, open] = [await lines(), await lines(OPEN_METRICS)];
    expect(text).toContain('# TYPE publish_failures_total counter');
    expect(open).toContain('# TYPE publish_failures counter');
  });

  it('are rendered by concurrent scrapes in different formats', async () => {
    metrics.messaging.onPublishFailed('topic');
    const [text, open] = await Promise.all([lines(), lines(OPEN_METRICS)]);

    expect(text).toContain('# TYPE publish_failures_total counter');
    expect(open).toContain('# TYPE publish_failures counter');
  });

  it('measure from the time of each event to its acknowledgement, with the trace of the slowest', async () => {
    const [early, late] = [20_000, 3_000].map((age) => new Date(Date.now() - age).toISOString());
    metrics.messaging.onPublished('topic', [
      { time: late!, json: '{}' },
      { time: early!, json: `{"data":{},"traceparent":"${TRACEPARENT}","type":"t"}` },
    ]);

    const found = await lines(OPEN_METRICS);
    expect(found).toContain('published_events_total{topic="topic"} 2');
    expect(found).toContain('publish_batch_size_bucket{le="2",topic="topic"} 1');
    expect(found).toContain('publish_latency_seconds_bucket{le="2.5",topic="topic"} 0');
    expect(found).toContain('publish_latency_seconds_bucket{le="5",topic="topic"} 1');
    const slow = found.find((line) => line.startsWith('publish_latency_seconds_bucket{le="30",topic="topic"} 2'));
    expect(slow).toContain(`# {trace_id="${TRACE}"} 20`);
  });

  it('measure no latency of an event with an unreadable or a future time', async () => {
    metrics.messaging.onPublished('topic', [{ time: 'never', json: '{}' }]);
    metrics.messaging.onPublished('topic', [{ time: new Date(Date.now() + 60_000).toISOString(), json: '{}' }]);

    const found = await lines();
    expect(found).toContain('published_events_total{topic="topic"} 2');
    expect(found).toContain('publish_latency_seconds_bucket{le="0.005",topic="topic"} 1');
    expect(found).toContain('publish_latency_seconds_count{topic="topic"} 1');
  });

  it('count what became of consumed records', async () => {
    const consumed = { topic: 'topic', group: 'group' };
    metrics.messaging.expectConsumed(consumed);
    const sample = (outcome: string, count: number) =>
      `subscriber_events_total{topic="topic",group="group",outcome="${outcome}"} ${count}`;
    expect(await lines()).toEqual(
      expect.arrayContaining([sample('applied', 0), sample('skipped', 0), sample('failed', 0)]),
    );

    metrics.messaging.onHandled(consumed, { applied: 3, skipped: 1, failed: 0, seconds: 0.2 });
    metrics.messaging.onHandled(consumed, { applied: 0, skipped: 0, failed: 2, seconds: 4 });

    const found = await lines();
    expect(found).toEqual(expect.arrayContaining([sample('applied', 3), sample('skipped', 1), sample('failed', 2)]));
    expect(found).toContain('subscriber_handling_seconds_count{topic="topic",group="group"} 2');
    expect(found).toContain('subscriber_handling_seconds_bucket{le="0.25",topic="topic",group="group"} 1');
  });

  it('have the delay of the event loop since the last scrape', async () => {
    const max = async () =>
      Number((await lines()).find((line) => line.startsWith('nodejs_eventloop_lag_max_seconds '))?.split(' ')[1]);
    await max();
    // The first measurement after a scrape only starts the next interval.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const blockedUntil = performance.now() + 300;
    while (performance.now() < blockedUntil);
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(await max()).toBeGreaterThanOrEqual(0.25);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await max()).toBeLessThan(0.25);
  });
});
