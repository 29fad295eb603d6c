import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createLogger } from '../../operating/logger.js';
import { withRequestContext } from '../../tools/request-context.js';
import { accessLog } from './access-log.js';

const CUSTOMER = '01a20699-0298-778c-9b4e-c0ffee000001';
const answered = { method: 'GET', route: '/things/{id}', status: 200, seconds: 0.0123 };

function logOf(oneOf: number, requests: number): Record<string, unknown>[] {
  const lines: string[] = [];
  const logger = createLogger({ LOG_LEVEL: 'info', LOG_FORMAT: 'json' });
  const stream = (logger as unknown as Record<symbol, { write(line: string): void }>)[pino.symbols.streamSym]!;
  stream.write = (line) => lines.push(line);
  const log = accessLog(logger, oneOf);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  // A response may end in the context of another request.
  const other = { requestId: 'other', clientRequestId: 'other', traceparent };
  for (let each = 0; each < requests; each += 1) {
    const context = { requestId: `r-${each}`, traceparent, aggregateIds: { customerId: CUSTOMER } };
    withRequestContext(other, () => log(answered, context));
  }
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('logs the route template, the status, the ids of the request and the duration', () => {
  expect(logOf(1, 1)).toEqual([
    {
      level: 'info',
      time: expect.any(String),
      requestId: 'r-0',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      customerId: CUSTOMER,
      method: 'GET',
      route: '/things/{id}',
      status: 200,
      ms: 12,
      msg: 'answered',
    },
  ]);
});

it.each([
  [1, ['r-0', 'r-1', 'r-2', 'r-3', 'r-4', 'r-5', 'r-6']],
  [3, ['r-0', 'r-3', 'r-6']],
  [100, ['r-0']],
  [0, []],
])('logs the first of every %j', (oneOf, ids) => {
  expect(logOf(oneOf, 7).map(({ requestId }) => requestId)).toEqual(ids);
});
