import { describe, expect, it } from '@jest/globals';
import { flowAt, type Flowing, type InstanceStatus, type Sample } from './flow.js';

const START = Date.parse('2026-01-01T00:00:00Z');
const TOPIC = 'accounts.customer.change';

function instance(seconds: number, more: Partial<InstanceStatus> = {}): InstanceStatus {
  return {
    ...{ id: 'one', name: 'host', modules: ['accounts'], version: '1', commit: 'c', startedAt: '', status: 'ready' },
    ...{ at: new Date(START + seconds * 1_000).toISOString(), down: {}, consumers: [], memoryBytes: 1 },
    ...{ commands: 0, reads: 0, failures: 0, outboxes: [], copies: [], jobs: [], settings: {}, publishedBytes: {} },
    ...more,
  };
}

function sample(seconds: number, more: Partial<Sample> = {}): Sample {
  return { at: START + seconds * 1_000, instances: [], extents: new Map(), lags: [], deadLetters: [], ...more };
}

function withLag(seconds: number, end: number, lag?: number): Sample {
  const lags = [{ topic: TOPIC, group: 'orders', ...(lag !== undefined && { lag }) }];
  return sample(seconds, { extents: new Map([[TOPIC, [{ partition: 0, first: 0, end }]]]), lags });
}

function after(samples: readonly Sample[]): Flowing {
  let flowing: Flowing | undefined;
  for (const each of samples) flowing = flowAt(each, flowing);
  return flowing as Flowing;
}

describe('the flow at a sample', () => {
  it('has no rates at first, and then those since the sample before', () => {
    const first = sample(0, { instances: [instance(0, { commands: 10 })] });
    const second = sample(2, { instances: [instance(2, { commands: 30, failures: 1 })] });
    expect(after([first]).flow.commandsPerSecond).toBeUndefined();
    expect(after([first, second]).flow).toMatchObject({ commandsPerSecond: 10, failuresPerSecond: 0.5 });
  });

  it('adds up the instances, each over the time between its own statements', () => {
    const others = (seconds: number, commands: number) => instance(seconds, { id: 'two', commands });
    const first = sample(0, { instances: [instance(0), others(-1, 0)] });
    const second = sample(1, { instances: [instance(1, { commands: 5 }), others(1, 20)] });
    expect(after([first, second]).flow.commandsPerSecond).toBe(15);
  });

  it('keeps the rate of an instance until it states itself again, and has none when it is gone', () => {
    const first = sample(0, { instances: [instance(0)] });
    const second = sample(1, { instances: [instance(1, { commands: 5 })] });
    const again = sample(2, { instances: [instance(1, { commands: 5 })] });
    expect(after([first, second, again]).flow.commandsPerSecond).toBe(5);
    const gone = sample(3, { instances: [instance(1, { commands: 5, status: 'gone' })] });
    expect(after([first, second, gone]).flow.commandsPerSecond).toBeUndefined();
  });

  it('has neither partitions, nor running jobs, nor counts of an instance that is gone', () => {
    const job = {
      ...{ id: 'job', module: 'accounts', instance: 'host', startedAt: '', phase: 'comparing' },
      ...{ read: 1, total: 2, findings: [], kind: 'verify' as const },
    } as const;
    const had = (documents: number) => ({
      consumers: [{ group: 'orders', partitions: { [TOPIC]: [0] }, restarts: 0, isUp: true }],
      copies: [{ module: 'accounts', collection: 'history', documents }],
    });
    const gone = instance(0, { id: 'two', status: 'gone', jobs: [job], ...had(1) });
    const { flow } = after([sample(0, { instances: [instance(0, had(2)), gone] })]);
    expect(flow.instances.map(({ consumers }) => consumers.length)).toEqual([1, 0]);
    expect(flow.jobs).toMatchObject([
      { id: 'job', outcome: 'failed', summary: expect.stringContaining('has stopped') },
    ]);
    expect(flow.copies).toEqual([{ module: 'accounts', collection: 'history', documents: 2 }]);
  });

  it('says which topic and partition gets how much, without the former generations', () => {
    const extents = (end: number) =>
      new Map([
        [
          TOPIC,
          [
            { partition: 6, first: 0, end },
            { partition: 0, first: 9, end: 9, isFormer: true as const },
          ],
        ],
      ]);
    const { topics } = after([sample(0, { extents: extents(4) }), sample(1, { extents: extents(7) })]).flow;
    expect(topics).toMatchObject([
      { topic: TOPIC, records: 7, perSecond: 3, partitions: [{ partition: 6, end: 7, perSecond: 3 }] },
    ]);
  });

  it('adds up the bytes that the instances publish to a topic', () => {
    const instances = (seconds: number, bytes: number) => [
      instance(seconds, { publishedBytes: { [TOPIC]: bytes } }),
      instance(seconds, { id: 'two', publishedBytes: { [TOPIC]: 2 * bytes } }),
    ];
    const at = (seconds: number, bytes: number) => ({
      ...withLag(seconds, 1, 0),
      instances: instances(seconds, bytes),
    });
    expect(after([at(0, 0), at(2, 100)]).flow.topics[0]?.bytesPerSecond).toBe(150);
  });

  it('counts how long a group has lagged without progress, and forgets it with the first progress', () => {
    const still = [withLag(0, 10, 3), withLag(4, 12, 5), withLag(8, 12, 5)];
    const { flow } = after(still);
    expect(flow.groups[0]).toMatchObject({ lag: 5, perSecond: 0, stillSeconds: 8 });
    expect(flow.standstills).toEqual([
      { subject: `orders, reading ${TOPIC}`, reason: '5 events behind, and nothing processed for 8 s' },
    ]);
    expect(after([...still, withLag(9, 12, 4)]).flow.standstills).toEqual([]);
  });

  it('does not call a group still that has nothing to do', () => {
    expect(after([withLag(0, 10, 0), withLag(60, 10, 0)]).flow.standstills).toEqual([]);
  });

  it('names what is unknown, gone, down, waiting or refused', () => {
    const outbox = { topic: TOPIC, events: 7, oldestSeconds: 61.2, setAside: 2 };
    const instances = [
      instance(0, { down: { kafka: 'Kafka does not answer' }, status: 'degraded', outboxes: [outbox] }),
      instance(0, { id: 'two', name: 'other', status: 'gone' }),
    ];
    const { standstills } = after([{ ...withLag(0, 10), instances }]).flow;
    expect(standstills.map(({ subject, reason }) => `${subject}: ${reason}`)).toEqual([
      'accounts on host: kafka: Kafka does not answer',
      'accounts on other: has stopped, or cannot reach Kafka',
      `${TOPIC}: events have waited to be published for 61 s`,
      `${TOPIC}: the topic refuses the next event of 2 aggregates`,
      `orders, reading ${TOPIC}: the consumer lag is unknown: the log does not answer`,
    ]);
  });

  it('takes the newest count of an outbox that several instances have', () => {
    const counted = (asOf: string, events: number) => [{ topic: TOPIC, events, asOf, setAside: 0 }];
    const instances = [
      instance(0, { outboxes: counted('2026-01-01T00:00:02Z', 2) }),
      instance(0, { id: 'two', outboxes: counted('2026-01-01T00:00:01Z', 9) }),
    ];
    expect(after([sample(0, { instances })]).flow.outboxes).toEqual([{ topic: TOPIC, events: 2, setAside: 0 }]);
  });
});
