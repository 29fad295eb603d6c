import { z } from 'zod';
import { flag, integer, secret, text } from './fields.js';
import type { RawSettings } from './raw-settings.js';

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];
const SAMPLER = 'OTEL_TRACES_SAMPLER';
const RATIO = 'OTEL_TRACES_SAMPLER_ARG';
/** The port on which collectors expect gRPC. */
const GRPC_PORT = '4317';

/** `key=value,...` as in a baggage header; `=` and `,` within keys and values must be percent-encoded. */
const PAIR = '\\s*[^=,\\s]+\\s*=[^=,]*';
const PAIRS = new RegExp(`^${PAIR}(?:,${PAIR})*,?$`);
const isPairs = (value: string) => PAIRS.test(value) && isDecodable(value);
const notPairs = 'must be key=value,key=value, with = and , inside of values percent-encoded';

/** The values of HTTP headers may contain `=`: the SDK splits at the first one. */
const HEADERS = /^\s*[\w!#$%&'*+.^`|~-]+\s*=[^,]+(?:,\s*[\w!#$%&'*+.^`|~-]+\s*=[^,]+)*,?$/;

const endpoint = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  // Credentials in the URL would be logged; there are headers for them.
  .refine((url) => !/\/\/[^/]*@/.test(url), 'must not contain credentials')
  .optional();
const protocol = z
  .enum(['http/protobuf', 'http/json'], 'must be http/protobuf or http/json; grpc is not supported')
  .optional();
const compression = z.enum(['none', 'gzip'], 'must be none or gzip').optional();
const headers = secret.regex(HEADERS, 'must be name=value,name=value').refine(isDecodable, notPairs).optional();
const milliseconds = integer(1, 3_600_000).optional();
const count = integer(1, 1_000_000).optional();

/**
 * The settings of traces, by their standard names. The SDK reads the environment itself, and ignores what it does not
 * understand: these are checked so that a typing error does not end or change tracing silently.
 */
export const traceSettings = {
  OTEL_SDK_DISABLED: flag,
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none'], 'must be otlp or none').optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol,
  OTEL_EXPORTER_OTLP_HEADERS: headers,
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: headers,
  OTEL_EXPORTER_OTLP_COMPRESSION: compression,
  OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: compression,
  OTEL_EXPORTER_OTLP_TIMEOUT: milliseconds,
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: milliseconds,
  OTEL_SERVICE_NAME: text.optional(),
  OTEL_RESOURCE_ATTRIBUTES: text.refine(isPairs, notPairs).optional(),
  OTEL_TRACES_SAMPLER: z
    .enum(
      [
        'always_on',
        'always_off',
        'traceidratio',
        'parentbased_always_on',
        'parentbased_always_off',
        'parentbased_traceidratio',
      ],
      'must be a sampler of the OpenTelemetry specification, such as parentbased_traceidratio',
    )
    .optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number('must be a number')
    .min(0, 'must be at least 0')
    .max(1, 'must be at most 1')
    .optional(),
  OTEL_BSP_SCHEDULE_DELAY: milliseconds,
  OTEL_BSP_EXPORT_TIMEOUT: milliseconds,
  OTEL_BSP_MAX_QUEUE_SIZE: count,
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: count,
};

/** Returns warnings for settings that are valid but probably not meant. */
export function traceWarnings(raw: RawSettings): string[] {
  const toGrpc = ENDPOINTS.filter((name) => portOf(raw.value(name)) === GRPC_PORT);
  const isRatio = String(raw.value(SAMPLER)).endsWith('traceidratio');
  return [
    ...toGrpc.map((name) => `${raw.label(name)}: ${GRPC_PORT} is usually the port for gRPC; that for HTTP is 4318`),
    ...(raw.has(RATIO) && !isRatio ? [`${raw.label(RATIO)}: has no effect unless ${SAMPLER} is a traceidratio`] : []),
  ];
}

function portOf(url: unknown): string | undefined {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).port : undefined;
}

function isDecodable(value: string): boolean {
  try {
    decodeURIComponent(value);
    return true;
  } catch {
    return false;
  }
}
