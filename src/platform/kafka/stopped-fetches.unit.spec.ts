import { createRequire } from 'node:module';
import { expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { gate } from '../testing/gate.js';
import { endStoppedFetches, RUNNER_MODULE } from './stopped-fetches.js';

interface Runner {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** More often than this it does not look at its brokers before it ends. */
const MANY = 1_000;

it('a consumer of kafkajs that is stopped while its brokers change ends, and does not freeze the process', async () => {
  endStoppedFetches();
  const RunnerClass = createRequire(import.meta.url)(RUNNER_MODULE) as new (options: object) => Runner;
  let brokers = [1, 2];
  let looks = 0;
  const [messages, crashes] = [[] as string[], [] as unknown[]];
  const lastAnswer = gate();
  const say = (message: string) => void messages.push(message);
  const logger = { namespace: () => logger, debug: say, info: say, warn: say, error: say };
  const runner = new RunnerClass({
    logger,
    consumerGroup: {
      ...{ connect: async () => undefined, joinAndSync: async () => undefined, leave: async () => undefined },
      heartbeat: async () => undefined,
      getNodeIds: () => {
        looks += 1;
        // Nothing else would end it, the timeout of the test neither.
        if (looks > MANY) throw new Error('the loop does not end');
        return brokers;
      },
      fetch: async (broker: number) => {
        await (broker === 2 ? lastAnswer.opened : new Promise(setImmediate));
        return [];
      },
    },
    instrumentationEmitter: { emit: () => undefined },
    ...{ concurrency: 1, eachBatch: async () => undefined, heartbeatInterval: 1_000 },
    retry: { initialRetryTime: 1, retries: 3 },
    onCrash: (error: unknown) => crashes.push(error),
  });
  await runner.start();
  brokers = [1, 2, 3];
  await eventually(() => expect(messages).toContain('Stopping fetchers...'), { every: 1 });

  const stopped = runner.stop();
  lastAnswer.open();
  await stopped;

  expect(looks).toBeLessThan(MANY);
  expect(crashes).toEqual([]);
});
