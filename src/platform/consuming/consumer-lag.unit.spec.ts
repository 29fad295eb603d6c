import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '../embedded/bus.js';
import { openEmbeddedDatabase } from '../embedded/database.js';
import type { Bus, BusRecord } from '../log/bus.js';
import { eventually } from '../testing/eventually.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import { consumerLags } from './consumer-lag.js';

const MINUTE_MS = 60_000;
const consumed = { topic: 'topic', group: 'group' };

/** A record of an event of this age. */
function eventAged(ageMs: number, key = 'k'): BusRecord {
  return { ...record(key, 'not read'), headers: { ce_time: new Date(Date.now() - ageMs).toISOString() } };
}

describe('consumer lag', () => {
  let bus: EmbeddedBus;

  beforeEach(async () => {
    bus = new EmbeddedBus(await openEmbeddedDatabase('memory'), silentLogger);
  });

  afterEach(() => bus.close());

  const lagNow = async (of: Pick<Bus, 'consumerLag' | 'firstRecord'> = bus) =>
    (await consumerLags(of, [consumed])())[0]!;

  it('is 0 records and 0 seconds where there is nothing to consume', async () => {
    expect(await lagNow()).toMatchObject({ ...consumed, lag: 0, seconds: 0 });
  });

  it('counts the records, and has the age of the oldest event, also by partition', async () => {
    await bus.publish('topic', [eventAged(3 * MINUTE_MS), eventAged(MINUTE_MS), eventAged(2 * MINUTE_MS, 'other')]);

    const { lag, seconds, partitions = [] } = await lagNow();
    expect(lag).toBe(3);
    expect(seconds).toBeGreaterThanOrEqual(180);
    expect(seconds).toBeLessThan(240);
    const lagging = partitions.filter((each) => each.lag > 0);
    expect(lagging.map((each) => each.lag).sort()).toEqual([1, 2]);
    for (const each of lagging) expect(each.seconds).toBeGreaterThanOrEqual(each.lag === 2 ? 180 : 120);
    expect(partitions.filter((each) => each.lag === 0).every((each) => each.seconds === 0)).toBe(true);
  });

  it('is that of what is left, and 0 once all is consumed', async () => {
    await bus.publish('topic', [eventAged(3 * MINUTE_MS)]);
    const consumer = await bus.consume('group', new Map([['topic', new Recorder().handler()]]));
    await eventually(async () => expect(await lagNow()).toMatchObject({ lag: 0, seconds: 0 }));
    await consumer.stop();

    await bus.publish('topic', [eventAged(MINUTE_MS)]);

    const { lag, seconds, partitions = [] } = await lagNow();
    expect(lag).toBe(1);
    expect(seconds).toBeGreaterThanOrEqual(60);
    expect(seconds).toBeLessThan(120);
    expect(partitions.find((each) => each.lag === 1)).toMatchObject({ committed: 1, next: 1, end: 2 });
  });

  it('has the time of the event where a record has no headers', async () => {
    const time = new Date(Date.now() - 2 * MINUTE_MS).toISOString();
    const event = { specversion: '1.0', id: 'i', source: '/s', type: 't', subject: 'k', time, dataschema: 'd' };
    await bus.publish('topic', [record('k', JSON.stringify({ ...event, sequence: '1', data: {} }))]);

    expect((await lagNow()).seconds).toBeGreaterThanOrEqual(120);
  });

  it('grows from when it was first seen where the record is no event, or is from the future', async () => {
    await bus.publish('topic', [record('k', 'no event')]);
    await bus.publish('topic', [eventAged(-60 * MINUTE_MS, 'other')]);
    const lags = consumerLags(bus, [consumed]);
    const first = (await lags())[0]!;
    expect(first.seconds).toBeLessThan(60);

    await eventually(async () => expect((await lags())[0]!.seconds).toBeGreaterThan(first.seconds! + 0.5));
  });

  it('reads the oldest record once, as long as it stays the oldest', async () => {
    await bus.publish('topic', [eventAged(MINUTE_MS)]);
    let reads = 0;
    const counting = {
      consumerLag: bus.consumerLag.bind(bus),
      firstRecord: (...args: Parameters<Bus['firstRecord']>) => {
        reads += 1;
        return bus.firstRecord(...args);
      },
    };
    const lags = consumerLags(counting, [consumed]);
    const first = (await lags())[0]!;
    await eventually(async () => expect((await lags())[0]!.seconds).toBeGreaterThan(first.seconds!));

    expect(reads).toBe(1);
  });

  it('is unknown while the bus is away, and its seconds while the bus does not return the record', async () => {
    await bus.publish('topic', [eventAged(MINUTE_MS)]);
    const away = () => Promise.reject(new Error('the bus is away'));
    const consumerLag = bus.consumerLag.bind(bus);

    expect(await lagNow({ consumerLag: away, firstRecord: away })).toEqual(consumed);
    const { lag, seconds } = await lagNow({ consumerLag, firstRecord: away });
    expect([lag, seconds]).toEqual([1, undefined]);
  });
});
