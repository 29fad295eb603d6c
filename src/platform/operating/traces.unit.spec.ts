import { SpanKind } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { eventually } from '../testing/eventually.js';
import { OtlpReceiver } from '../testing/otlp-receiver.js';
import { requestContext, withRequestContext } from '../tools/request-context.js';
import { currentTracing, inSpan } from '../tools/spans.js';
import { nextTraceparent } from '../tools/traceparent.js';
import { parseConfig } from './config/config.js';
import { startTraces, type Traces } from './traces.js';

const SERVICE = { name: 'accounts', version: '1.2.3' };
const STOP_TIMEOUT_MS = 5_000;

describe('the traces of a process', () => {
  const environment = { ...process.env };
  let receiver: OtlpReceiver;
  let traces: Traces | undefined;
  let lines: { msg: string; level: string; lost?: number; traceparent?: string }[];

  beforeEach(async () => {
    receiver = await OtlpReceiver.start();
    lines = [];
  });

  afterEach(async () => {
    await traces?.stop(STOP_TIMEOUT_MS);
    await receiver.stop();
    // The SDK reads it, and the settings of a process are put into it.
    for (const name of Object.keys(process.env))
      if (name.startsWith('OTEL_')) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, environment);
  });

  async function start(settings: Record<string, string>): Promise<void> {
    const mixin = () => ({ traceparent: requestContext()?.traceparent });
    const logger = pino(
      { formatters: { level: (level) => ({ level }) }, mixin },
      { write: (line: string) => lines.push(JSON.parse(line) as never) },
    );
    traces = await startTraces(parseConfig({ OTEL_BSP_SCHEDULE_DELAY: '1', ...settings }), SERVICE, logger);
  }

  /** Records a span as part of a request, and returns its trace id. */
  async function record(): Promise<string> {
    const traceparent = nextTraceparent();
    const work = () => inSpan({ name: 'work', kind: SpanKind.INTERNAL }, traceparent, () => Promise.resolve());
    await withRequestContext({ traceparent }, work);
    return traceparent.slice(3, 35);
  }

  const toReceiver = () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_TIMEOUT: '1000' });

  it.each<Record<string, string>>([
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_EXPORTER: 'none' },
  ])('do not exist with the settings %j', async (settings) => {
    await start(settings);

    expect(traces).toBeUndefined();
    expect(currentTracing()).toBeUndefined();
  });

  it('are sent as protobuf unless another protocol is set', async () => {
    await start(toReceiver());
    const traceId = await record();
    await traces?.stop(STOP_TIMEOUT_MS);

    const [sent] = receiver.received;
    expect([sent?.path, sent?.headers['content-type']]).toEqual(['/v1/traces', 'application/x-protobuf']);
    expect(sent?.body.includes(Buffer.from(traceId, 'hex'))).toBe(true);
    expect(currentTracing()).toBeUndefined();
  });

  it('have the name, the headers, the compression and the resource that are set', async () => {
    await start({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/tenant/v1/traces`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=abc==',
      OTEL_SERVICE_NAME: 'customers',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    const traceId = await record();
    await traces?.stop(STOP_TIMEOUT_MS);

    expect(receiver.received).toMatchObject([{ path: '/tenant/v1/traces', headers: { 'api-key': 'abc==' } }]);
    expect(receiver.trace(traceId)).toMatchObject([{ service: 'customers', name: 'work' }]);
    expect(String(receiver.received[0]?.body)).toContain('deployment.environment.name');
  });

  it('are named after the service by default, and sampled as it is set', async () => {
    const settings = {
      ...toReceiver(),
      ...{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_TRACES_SAMPLER: 'traceidratio' },
    };
    await start({ ...settings, OTEL_TRACES_SAMPLER_ARG: '0' });
    await record();
    await traces?.stop(STOP_TIMEOUT_MS);
    expect(receiver.received).toEqual([]);

    await start({ ...settings, OTEL_TRACES_SAMPLER_ARG: '1' });
    const traceId = await record();
    await traces?.stop(STOP_TIMEOUT_MS);
    expect(receiver.trace(traceId)).toMatchObject([{ service: 'accounts' }]);
  });

  it('are dropped while the collector refuses them, with one warning, and one line when it accepts them again', async () => {
    await start({ ...toReceiver(), OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' });
    receiver.status = 400;
    for (let sent = 1; sent <= 3; sent += 1) {
      await record();
      await eventually(() => expect(receiver.received).toHaveLength(sent));
    }
    receiver.status = 200;
    const traceId = await record();
    await eventually(() => expect(receiver.trace(traceId)).toHaveLength(1));
    await eventually(() => expect(lines).toHaveLength(2));

    expect(lines).toMatchObject([
      { level: 'warn', msg: expect.stringMatching(/^cannot send spans/) },
      { level: 'info', msg: 'the collector accepts spans again', lost: 3 },
    ]);
    expect(lines.map(({ traceparent }) => traceparent)).toEqual([undefined, undefined]);
  });

  it('end within the timeout, also if the collector is away', async () => {
    await start({ ...toReceiver(), OTEL_EXPORTER_OTLP_TIMEOUT: '3000' });
    await receiver.stop();
    await record();
    const startedAt = performance.now();
    await traces?.stop(300);

    expect(performance.now() - startedAt).toBeLessThan(2_000);
    receiver = await OtlpReceiver.start();
  });
});
