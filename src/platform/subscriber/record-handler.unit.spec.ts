import { beforeEach, describe, expect, it } from '@jest/globals';
import { created, itemEvents } from '../../../test/support/items.js';
import { FlakyLog, type Outcome } from '../../../test/support/relay-world.js';
import { silentLogger } from '../../../test/support/silent-logger.js';
import type { Bus, BusRecord, LoggedRecord } from '../bus/bus.js';
import { toCloudEvent } from '../event/cloud-event.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import { deadLetterTopic } from '../dead-letters/dead-letter.js';
import { recordHandler } from './record-handler.js';
import type { Subscription } from './subscription.js';

const SECRET = '4111111111111111';

function logged(offset: number, value: string, key = 'a'): LoggedRecord {
  const headers = { 'content-type': 'application/json' };
  return { topic: 'topic', partition: 3, offset, key: Buffer.from(key), value: Buffer.from(value), headers };
}

function eventOf(id: string, type = 'created'): string {
  const of = { id, version: 1, time: '2026-01-01T00:00:00.000Z' };
  return JSON.stringify(toCloudEvent(itemEvents, { ...created(id).event, type }, of));
}

/** Cares for what was created, and cannot read what is called `unreadable`. */
class Copies implements Subscription<string> {
  readonly topic = 'topic';
  readonly group = 'group';
  readonly applied: (readonly string[])[] = [];
  failure: Error | undefined;

  read: Subscription<string>['read'] = ({ type, subject }) => {
    if (subject === 'unreadable') throw new UnreadableRecord('it fails the schema at /data');
    if (subject === 'broken') throw new TypeError('a mistake in the reader');
    return type === 'test.item.created' ? subject : undefined;
  };

  react = (messages: readonly string[]): Promise<void> => {
    if (this.failure) return Promise.reject(this.failure);
    this.applied.push(messages);
    return Promise.resolve();
  };
}

describe('a subscription', () => {
  let copies: Copies;
  let log: FlakyLog;
  let topics: string[];
  let outcomes: Outcome[];

  beforeEach(() => {
    copies = new Copies();
    log = new FlakyLog();
    topics = [];
    outcomes = [];
  });

  function handle(...records: LoggedRecord[]): Promise<void> {
    const bus = log.bus(() => outcomes.shift() ?? 'ok');
    const watched: Bus = {
      ...bus,
      publish: (topic: string, published: readonly BusRecord[]) => {
        topics.push(topic);
        return bus.publish(topic, published);
      },
    };
    return recordHandler(copies as Subscription, watched, silentLogger)(records);
  }

  it('reacts to what it reads, in order and at once', async () => {
    await handle(logged(0, eventOf('a')), logged(1, eventOf('b')), logged(2, eventOf('a')));

    expect(copies.applied).toEqual([['a', 'b', 'a']]);
    expect(topics).toEqual([]);
  });

  it('passes over the types that it does not care for', async () => {
    await handle(logged(0, eventOf('a', 'unheard-of')), logged(1, eventOf('b')));
    await handle(logged(2, eventOf('a', 'unheard-of')));

    expect(copies.applied).toEqual([['b']]);
    expect(topics).toEqual([]);
  });

  it('puts what can never be applied to the dead letters, and applies the rest', async () => {
    await handle(logged(6, eventOf('a')), logged(7, `{"card":"${SECRET}"`), logged(8, eventOf('b')));

    expect(copies.applied).toEqual([['a', 'b']]);
    expect(topics).toEqual([deadLetterTopic(copies)]);
    expect(deadLetterTopic(copies)).toBe('topic.group.dlt');
  });

  it('keeps the dead record as it was, and says beside it where it was and why', async () => {
    const poison = logged(7, `{"card":"${SECRET}"`);
    await handle(poison, logged(8, eventOf('unreadable')));

    const [dead, other] = log.records;
    expect(dead).toMatchObject({ key: poison.key, value: poison.value });
    expect(dead?.headers).toEqual({
      'content-type': 'application/json',
      'dlt-topic': 'topic',
      'dlt-partition': '3',
      'dlt-offset': '7',
      'dlt-group': 'group',
      'dlt-error': 'not JSON',
      'dlt-attempts': '1',
      'dlt-time': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(other?.headers).toMatchObject({ 'dlt-offset': '8', 'dlt-error': 'it fails the schema at /data' });
  });

  it('quotes nothing of the dead record in the headers', async () => {
    const values = [`{"card":"${SECRET}"`, SECRET, `["${SECRET}"]`, `{"specversion":"${SECRET}"}`];
    await handle(...values.map((value, offset) => logged(offset, value)));

    expect(log.records).toHaveLength(values.length);
    for (const { headers } of log.records) expect(JSON.stringify(headers)).not.toContain(SECRET.slice(0, 6));
  });

  it('is not done with a dead record that the bus has not taken', async () => {
    outcomes = ['before'];

    await expect(handle(logged(0, 'poison'), logged(1, eventOf('a')))).rejects.toThrow('the bus failed');
    expect(copies.applied).toEqual([]);
  });

  it('lets the records come again when a dependency is away, and gives none of them up', async () => {
    copies.failure = new Error('the database is away');

    await expect(handle(logged(0, eventOf('a')))).rejects.toBe(copies.failure);
    expect(topics).toEqual([]);
  });

  it('gives no record up for a mistake of its own', async () => {
    await expect(handle(logged(0, eventOf('broken')))).rejects.toThrow(TypeError);
    expect(topics).toEqual([]);
  });
});
