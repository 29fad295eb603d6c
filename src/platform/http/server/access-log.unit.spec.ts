import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { accessLog } from './access-log.js';

const answered = { method: 'GET', route: '/things/{id}', status: 200, seconds: 0.0123 };

function logOf(oneOf: number, requests: number): Record<string, unknown>[] {
  const lines: string[] = [];
  const log = accessLog(pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(line) }), oneOf);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  for (let each = 0; each < requests; each += 1) log(answered, { requestId: `r-${each}`, traceparent });
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('logs the route template, the status, the ids of the request and the duration', () => {
  expect(logOf(1, 1)).toEqual([
    {
      level: 30,
      requestId: 'r-0',
      traceId: '0af7651916cd43dd8448eb211c80319c',
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
