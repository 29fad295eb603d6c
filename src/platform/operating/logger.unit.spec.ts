import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Logger, pino } from 'pino';
import { createLogger } from './logger.js';
import { aboutAggregates, withCause, withRequestContext } from '../tools/request-context.js';

interface Line {
  readonly level: string;
  readonly time: string;
  readonly msg?: string;
  readonly err?: { type: string; message: string; at: string[]; cause?: Line['err'] };
  readonly [name: string]: unknown;
}

describe('the log', () => {
  let written: string;
  let logger: Logger;

  beforeEach(() => {
    written = '';
    logger = createLogger({ LOG_LEVEL: 'info', LOG_FORMAT: 'json' });
    const stream = (logger as unknown as Record<symbol, { write(line: string): void }>)[pino.symbols.streamSym]!;
    stream.write = (line) => (written += line);
  });

  const line = () => JSON.parse(written) as Line;
  function logError(error: unknown): Line {
    logger.error({ err: error }, 'it failed');
    return line();
  }

  it('has lines of JSON with level, time and message', () => {
    logger.info({ topic: 't' }, 'hello');

    expect(line()).toEqual({ level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), msg: 'hello', topic: 't' });
    expect(written.endsWith('\n')).toBe(true);
  });

  it('omits lines below its level', () => {
    logger.debug('hello');

    expect(written).toBe('');
  });

  it('carries the ids of the current request', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    withRequestContext({ requestId: 'r-1', traceparent }, () => logger.info('hello'));

    expect(line()).toMatchObject({
      requestId: 'r-1',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
    });
  });

  it('carries the ids of the aggregates that a request or an event is about, if they are like ours', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const id = '01a20699-0298-778c-9b4e-c0ffee000001';
    const others = ['Ada', '41111111-1111-1111-9411-111111111111', id.toUpperCase()];
    withRequestContext({ requestId: 'r-1', traceparent }, () => {
      aboutAggregates([['customerId', id], ...others.map((other, i) => [`other${i}`, other] as const)]);
      logger.info('hello');
    });
    expect(line()).toMatchObject({ requestId: 'r-1', customerId: id });
    expect(Object.keys(line()).filter((name) => name.startsWith('other'))).toEqual([]);

    written = '';
    const event = { id: 'event', type: 'orders.order.placed', subject: id, traceparent };
    withCause(event, () => logger.info('hello'));
    expect(line()).toMatchObject({ causationId: 'event', orderId: id });
  });

  it('has type, message and stack of an error', () => {
    const { err } = logError(new TypeError('no such thing'));

    expect(err).toMatchObject({ type: 'TypeError', message: 'no such thing' });
    expect(err?.at[0]).toMatch(/logger\.unit\.spec/);
  });

  it('omits other properties of an error, such as documents attached by drivers', () => {
    const error = Object.assign(new Error('refused'), { document: { card: 'secret' }, config: { password: 'secret' } });
    logError(error);

    expect(written).not.toContain('secret');
  });

  it.each([
    ['the password of a connection string', 'cannot reach mongodb://ann:secret@host:27017/?x=y', /host:27017/],
    [
      'the key of a duplicate key error',
      'E11000 duplicate key error collection: a.b dup key: { email: "secret" }',
      /E11000/,
    ],
    ['text that is not JSON', `Unexpected token 's', ..."xx secret y"... is not valid JSON`, /is not valid JSON$/],
    ['possible card numbers', 'card 4111111111111111 and 4111 1111 1111 1111 and 4111\u20131111-1111-1111', /card/],
  ])('hides %s', (_, message, rest) => {
    const { err } = logError(new Error(message));

    expect(written).not.toMatch(/secret|4111[ -]?1111/);
    expect(err?.message).toMatch(rest);
  });

  it('hides the same in the cause of an error', () => {
    const { err } = logError(new Error('outer', { cause: new RangeError('mongodb://ann:secret@host') }));

    expect(err?.cause).toMatchObject({ type: 'RangeError', message: 'mongodb://***@host' });
    expect(written).not.toContain('secret');
  });

  it('truncates a long message', () => {
    expect(logError(new Error('x'.repeat(10_000))).err?.message.length).toBeLessThan(1_000);
  });

  it('has only the type of a value that is not an error', () => {
    expect(logError('secret').err).toEqual({ type: 'string' });
    expect(written).not.toContain('secret');
  });

  it('treats an error that is logged directly the same way', () => {
    logger.error(Object.assign(new Error('refused'), { document: 'secret' }));

    expect(line().err).toMatchObject({ type: 'Error', message: 'refused' });
    expect(written).not.toContain('secret');
  });

  it.each([
    ['alone', (error: Error) => logger.error(error)],
    ['without a message', (error: Error) => logger.error({ err: error })],
  ])('hides the same in the message of a line with an error %s', (_, log) => {
    log(new Error('cannot reach mongodb://ann:secret@host:27017'));

    expect(line().msg).toBe('cannot reach mongodb://***@host:27017');
    expect(written).not.toContain('secret');
  });
});
