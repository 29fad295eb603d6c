import { describe, expect, it } from '@jest/globals';
import { ConfigFolder, SECRET } from '../../testing/config-folder.js';
import { configProblems } from '../../testing/config-problems.js';
import { parseConfig } from './config.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('the configuration of traces', () => {
  const { load, write } = new ConfigFolder();

  it.each([
    {},
    ENDPOINT,
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://otlp.example/v1/traces', OTEL_SDK_DISABLED: 'true' },
    { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' },
    { ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20YTpi,x-scope=orders' },
    { ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: 'api-key=YTpiYQ==' },
    { ...ENDPOINT, OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.instance.id=a%2Cb' },
  ])('may be %j', (settings) => {
    expect(Object.keys(parseConfig(settings))).toEqual(expect.arrayContaining(Object.keys(settings)));
    expect(load(settings).warnings).toEqual([]);
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', `http://me:${SECRET}@collector:4318`],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'grpc://collector'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http'],
    ['OTEL_EXPORTER_OTLP_HEADERS', SECRET],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s'],
    ['OTEL_TRACES_EXPORTER', 'zipkin'],
    ['OTEL_TRACES_SAMPLER', 'parentbased_ratio'],
    ['OTEL_TRACES_SAMPLER_ARG', '10%'],
    ['OTEL_TRACES_SAMPLER_ARG', '10'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '0'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'environment'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=b=c'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=100%'],
    ['OTEL_SDK_DISABLED', 'yes'],
  ])('must not have %s=%s', (name, value) => {
    const problem = configProblems({ [name]: value });
    expect(problem).toMatch(new RegExp(`^${name}: must [^\\n]*$`));
    expect(problem).not.toContain(SECRET);
  });

  it('reads headers, which may have a key, from a file', async () => {
    const OTEL_EXPORTER_OTLP_HEADERS_FILE = await write('headers', `api-key=${SECRET}\n`);

    const { config } = load({ ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS_FILE });
    expect(config.OTEL_EXPORTER_OTLP_HEADERS).toBe(`api-key=${SECRET}`);
  });

  it('warns of the port for gRPC, and of a ratio that nothing uses', () => {
    const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317', OTEL_TRACES_SAMPLER_ARG: '0.1' };

    expect(load(settings).warnings).toEqual([
      'OTEL_EXPORTER_OTLP_ENDPOINT: 4317 is usually the port for gRPC; that for HTTP is 4318',
      'OTEL_TRACES_SAMPLER_ARG: has no effect unless OTEL_TRACES_SAMPLER is a traceidratio',
    ]);
  });
});
