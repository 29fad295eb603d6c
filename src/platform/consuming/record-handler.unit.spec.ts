import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Logger, pino } from 'pino';
import { toCloudEvent } from '../testing/cloud-events.js';
import { created, eventOf as eventOfItem, itemEvents } from '../testing/items.js';
import { FlakyLog, type PublishOutcome } from '../testing/relay-world.js';
import type { Bus, BusRecord, LoggedRecord, RecordHandler } from '../log/bus.js';
import { leaseUntil } from '../log/lease.js';
import { notStorable, PlatformError, unavailable } from '../tools/errors.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import { deadLetterTopic } from './dead-letter.js';
import { type DeadLettered, recordHandler } from './record-handler.js';
import type { Subscription } from './subscription.js';

const SECRET = '4111111111111111';

function logged(offset: number, value: string, key = 'a'): LoggedRecord {
  const headers = { 'content-type': 'application/json' };
  return { topic: 'topic', partition: 3, offset, key: Buffer.from(key), value: Buffer.from(value), headers };
}

function eventOf(id: string, type = 'created'): string {
  const of = { id, version: 1, time: '2026-01-01T00:00:00.000Z' };
  return JSON.stringify({ ...toCloudEvent(itemEvents, eventOfItem(created(id)), of), type: `test.item.${type}` });
}

/** Cares for what was created; its reader and its database have trouble with what is called like that. */
class Copies implements Subscription<string> {
  readonly topic = 'topic';
  readonly group = 'group';
  readonly applied: (readonly string[])[] = [];
  tries = 0;
  failure: Error | undefined;
  /** Names that the code cannot deal with. */
  readonly bugs = new Set<string>();

  read: Subscription<string>['read'] = ({ type, subject }) => {
    if (subject === 'unreadable') throw new UnreadableRecord('it fails the schema at /data');
    if (subject === 'broken') throw new TypeError(`cannot read ${SECRET}`);
    return type === 'test.item.created' ? subject : undefined;
  };

  react = (messages: readonly string[]): Promise<void> => {
    this.tries += 1;
    if (this.failure) return Promise.reject(this.failure);
    const bug = messages.find((name) => this.bugs.has(name));
    if (bug !== undefined) return Promise.reject(new TypeError(`${bug} pays with ${SECRET}`));
    if (messages.some((name) => name.startsWith('refused'))) return Promise.reject(notStorable('never that'));
    this.applied.push(messages);
    return Promise.resolve();
  };
}

describe('a subscription', () => {
  let copies: Copies;
  let log: FlakyLog;
  let topics: string[];
  let outcomes: PublishOutcome[];
  let lease: AbortController;
  let lines: string[];
  let logger: Logger;
  let counted: number;
  let failed: number;
  let maxBytes: number;
  let handler: RecordHandler | undefined;

  beforeEach(() => {
    copies = new Copies();
    log = new FlakyLog();
    topics = [];
    outcomes = [];
    lease = new AbortController();
    lines = [];
    logger = pino({}, { write: (line: string) => lines.push(line) });
    counted = 0;
    failed = 0;
    handler = undefined;
    maxBytes = Infinity;
  });

  function handle(...records: LoggedRecord[]): Promise<void> {
    const bus = log.bus(() => outcomes.shift() ?? 'ok');
    const watched: Bus = {
      ...bus,
      publish: (topic: string, published: readonly BusRecord[]) => {
        topics.push(topic);
        const isTooLarge = published.some(({ value }) => (value?.length ?? 0) > maxBytes);
        if (isTooLarge) return Promise.reject(new PlatformError('too-large', 'record-too-large', 'too large'));
        return bus.publish(topic, published);
      },
    };
    const count = ({ count: more, programmingErrors }: DeadLettered) => {
      counted += more;
      failed += programmingErrors;
    };
    handler ??= recordHandler(copies as Subscription, watched, logger, count);
    return handler(records, leaseUntil(lease.signal));
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
    expect(counted).toBe(0);
    await handle(logged(0, 'poison'), logged(1, eventOf('a')));
    expect(log.records).toHaveLength(1);
    expect(counted).toBe(1);
  });

  it('lets the records come again when a dependency is away, and gives none of them up', async () => {
    copies.failure = unavailable('the database is away');

    await expect(handle(logged(0, eventOf('a')), logged(1, 'poison'))).rejects.toBe(copies.failure);
    expect(topics).toEqual([]);
    expect(copies.tries).toBe(1);
  });

  it('gives up a record that its reader fails on, and says no more of the error than its class', async () => {
    await handle(logged(0, eventOf('broken')), logged(1, eventOf('a')));

    expect(copies.applied).toEqual([['a']]);
    expect(log.records.map(({ headers }) => headers['dlt-error'])).toEqual(['reading it failed: TypeError']);
    expect(JSON.stringify(log.records[0]?.headers)).not.toContain(SECRET);
  });

  it('says nothing of what the record said of itself as a dead letter before', async () => {
    const headers = { 'dlt-offset': '1', 'dlt-value-omitted': '9', mine: 'x' };
    await handle({ ...logged(7, 'poison'), headers });

    expect(log.records[0]?.headers).toMatchObject({ mine: 'x', 'dlt-offset': '7' });
    expect(log.records[0]?.headers).not.toHaveProperty('dlt-value-omitted');
  });

  describe('whose database refuses a message for good', () => {
    it('applies all others in order, those before and after it', async () => {
      const names = ['a', 'b', 'refused', 'c', 'a', 'd', 'refused too', 'e', 'f'];
      await handle(...names.map((name, offset) => logged(offset, eventOf(name))));

      expect(copies.applied.flat()).toEqual(['a', 'b', 'c', 'a', 'd', 'e', 'f']);
      expect(log.records.map(({ headers }) => headers['dlt-offset'])).toEqual(['2', '6']);
      expect(counted).toBe(2);
    });

    it('says why, and how often it was tried', async () => {
      await handle(logged(4, eventOf('refused')));
      await handle(logged(5, eventOf('a')), logged(6, eventOf('refused')), logged(7, eventOf('b')));

      const [alone, among] = log.records.map(({ headers }) => headers);
      expect(alone).toMatchObject({ 'dlt-offset': '4', 'dlt-error': 'never that', 'dlt-attempts': '1' });
      expect(among).toMatchObject({ 'dlt-offset': '6', 'dlt-error': 'never that', 'dlt-attempts': '3' });
    });

    it('finds one among many in few tries', async () => {
      const names = Array.from({ length: 500 }, (_, index) => (index === 321 ? 'refused' : `name-${index}`));
      await handle(...names.map((name, offset) => logged(offset, eventOf(name))));

      expect(copies.applied.flat()).toEqual(names.filter((name) => name !== 'refused'));
      expect(copies.tries).toBeLessThan(25);
    });

    it('keeps the order of the log among the dead letters', async () => {
      await handle(logged(0, 'poison'), logged(1, eventOf('refused')), logged(2, 'poison'), logged(3, eventOf('a')));

      expect(log.records.map(({ headers }) => headers['dlt-offset'])).toEqual(['0', '1', '2']);
    });
  });

  describe('whose own code fails on a message', () => {
    const tries = 8;
    const batch = ['a', 'b', 'bug', 'c', 'a'].map((name, offset) => logged(offset, eventOf(name)));
    beforeEach(() => {
      copies.bugs.add('bug');
    });

    async function failUntilLastTry(): Promise<void> {
      for (let attempt = 1; attempt < tries; attempt += 1) {
        await expect(handle(...batch)).rejects.toThrow(TypeError);
        expect(topics).toEqual([]);
      }
    }

    it('lets the records come again a bounded number of times, then gives up the one and applies the others', async () => {
      await failUntilLastTry();
      await handle(...batch);

      expect(copies.applied.flat()).toEqual(['a', 'b', 'c', 'a']);
      expect(log.records.map(({ headers }) => headers['dlt-offset'])).toEqual(['2']);
      expect([counted, failed]).toEqual([1, 1]);
    });

    it('says in the letter what failed and where, and nothing of what the record says', async () => {
      await failUntilLastTry();
      await handle(...batch);

      const [headers] = log.records.map((each) => each.headers);
      expect(headers?.['dlt-error']).toMatch(/^programming error: TypeError at src\/platform\/consuming\/.+\.ts:\d+$/);
      expect(headers?.['dlt-stack']).toMatch(/apply-records\.ts:\d+/);
      expect(Number(headers?.['dlt-attempts'])).toBeGreaterThanOrEqual(tries);
      expect(JSON.stringify([headers, lines])).not.toContain(SECRET);
      expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
        topic: 'topic',
        partition: 3,
        offset: 2,
        key: 'a',
        group: 'group',
        event: { type: 'test.item.created', id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      });
    });

    it('begins to count again once it has succeeded', async () => {
      await failUntilLastTry();
      copies.bugs.clear();
      await handle(...batch);

      copies.bugs.add('bug');
      await failUntilLastTry();
      expect(topics).toEqual([]);
    });

    it('does not count what a dependency fails on, nor what is broken off', async () => {
      const record = logged(9, eventOf('a'));
      copies.failure = Object.assign(new Error('what is this?'), { name: 'MongoServerError', code: 424_242 });
      for (let attempt = 0; attempt < 2 * tries; attempt += 1) {
        await expect(handle(record)).rejects.toBe(copies.failure);
      }
      copies.failure = new Error('the consumer lets go');
      lease.abort(copies.failure);
      for (let attempt = 0; attempt < 2 * tries; attempt += 1) {
        await expect(handle(record)).rejects.toBe(copies.failure);
      }
      expect(topics).toEqual([]);
    });

    it('gives up nothing while a dependency is away that it needs to find the one', async () => {
      await failUntilLastTry();
      copies.bugs.clear();
      copies.failure = unavailable('away');
      await expect(handle(...batch)).rejects.toBe(copies.failure);
      copies.failure = undefined;
      await handle(...batch);

      expect(topics).toEqual([]);
      expect(copies.applied.flat()).toEqual(['a', 'b', 'bug', 'c', 'a']);
    });
  });

  describe('with a dead record that is too large for a letter', () => {
    it('leaves its value where it is, says so, and keeps the others whole', async () => {
      maxBytes = 100;
      const large = { ...logged(1, 'x'.repeat(101), 'key'), headers: { long: 'header' } };
      await handle(logged(0, 'small'), large, logged(2, 'small, too'));

      const letters = new Map(log.records.map((each) => [each.headers['dlt-offset'], each]));
      expect(letters.get('0')).toMatchObject({ value: Buffer.from('small') });
      expect(letters.get('2')).toMatchObject({ value: Buffer.from('small, too') });
      expect(letters.get('1')).toMatchObject({ key: Buffer.from('key'), value: null });
      expect(letters.get('1')?.headers).toMatchObject({ 'dlt-value-omitted': '101', 'dlt-error': 'not JSON' });
      expect(letters.get('1')?.headers).not.toHaveProperty('long');
      expect(letters.get('0')?.headers).not.toHaveProperty('dlt-value-omitted');
    });

    it('does without a key that is long, too', async () => {
      maxBytes = 100;
      await handle(logged(1, 'x'.repeat(101), 'k'.repeat(2_000)));

      expect(log.records).toMatchObject([{ key: null, value: null }]);
    });
  });
});
