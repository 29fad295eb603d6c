import { describe, expect, it } from '@jest/globals';
import { type Logger, pino } from 'pino';
import { withRequestContext } from '../tools/request-context.js';
import type { LogFormat } from './log-formats.js';
import { createLogger } from './logger.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CONTEXT = {
  requestId: 'r-1',
  traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
  aggregateIds: { customerId: 'c-1' },
};
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

function lineOf(LOG_FORMAT: LogFormat, log: (logger: Logger) => void, GOOGLE_CLOUD_PROJECT?: string): object {
  let written = '';
  const logger = createLogger({ LOG_LEVEL: 'trace', LOG_FORMAT, GOOGLE_CLOUD_PROJECT });
  const stream = (logger as unknown as Record<symbol, { write(line: string): void }>)[pino.symbols.streamSym]!;
  stream.write = (line) => (written += line);
  withRequestContext(CONTEXT, () => log(logger));
  expect(written.endsWith('}\n')).toBe(true);
  return JSON.parse(written) as object;
}

const answered = (logger: Logger) =>
  logger.info({ method: 'GET', route: '/things/{id}', status: 200, ms: 12 }, 'answered');
const failed = (logger: Logger) =>
  logger.error(
    { err: new TypeError('no', { cause: new Error('mongodb://ann:secret@host') }), topic: 't' },
    'it failed',
  );

describe('a line in the format gcp', () => {
  it('has the names of Google Cloud, and all other fields as they are', () => {
    expect(lineOf('gcp', answered)).toEqual({
      severity: 'INFO',
      time: TIME,
      message: 'answered',
      requestId: 'r-1',
      'logging.googleapis.com/trace': TRACE,
      'logging.googleapis.com/spanId': 'b7ad6b7169203331',
      customerId: 'c-1',
      ...{ method: 'GET', route: '/things/{id}', status: 200, ms: 12 },
    });
  });

  it('has the full name of the trace if the project is known', () => {
    expect(lineOf('gcp', answered, 'my-project')).toMatchObject({
      'logging.googleapis.com/trace': `projects/my-project/traces/${TRACE}`,
    });
  });

  it.each([
    ['trace', 'DEBUG'],
    ['debug', 'DEBUG'],
    ['info', 'INFO'],
    ['warn', 'WARNING'],
    ['error', 'ERROR'],
    ['fatal', 'CRITICAL'],
  ] as const)('has for the level %s the severity %s', (level, severity) => {
    expect(lineOf('gcp', (logger) => logger[level]('hello'))).toMatchObject({ severity });
  });

  it('has errors without what drivers attach to them', () => {
    const line = lineOf('gcp', failed);
    expect(line).toMatchObject({ err: { type: 'TypeError', cause: { message: 'mongodb://***@host' } }, topic: 't' });
  });
});

describe('a line in the format ecs', () => {
  it('has the names of the Elastic Common Schema, and all other fields as labels', () => {
    expect(lineOf('ecs', answered)).toEqual({
      '@timestamp': TIME,
      'ecs.version': expect.stringMatching(/^8\./),
      'log.level': 'info',
      message: 'answered',
      'trace.id': TRACE,
      'span.id': 'b7ad6b7169203331',
      'http.request.id': 'r-1',
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'event.duration': 12_000_000,
      labels: { customerId: 'c-1', route: '/things/{id}' },
    });
  });

  it('has type, message and stack trace of an error and its causes, without what drivers attach to them', () => {
    const line = lineOf('ecs', failed) as Record<string, string>;
    expect(line).toMatchObject({ 'error.type': 'TypeError', 'error.message': 'no', labels: { topic: 't' } });
    expect(line['error.stack_trace']).toMatch(
      /^TypeError: no\n {4}at .*log-formats\.unit\.spec[^]*\nCaused by: Error: mongodb:\/\/\*\*\*@host\n/,
    );
  });

  it('has the class and the frames of a programming error, and texts for what is no text', () => {
    const line = lineOf('ecs', (logger) => logger.warn({ error: 'TypeError', stack: ['a:1', 'b:2'], records: 3 }, 'x'));
    expect(line).toMatchObject({
      'error.type': 'TypeError',
      'error.stack_trace': 'a:1\nb:2',
      labels: { records: '3' },
    });
  });
});
