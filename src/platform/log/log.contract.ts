import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { aRoundOf, type BusFixture, BusWorld, keys } from '../testing/bus-world.js';
import { eventually } from '../testing/eventually.js';
import { record, Recorder } from '../testing/recorder.js';
import type { BusRecord } from './bus.js';
import { retentionProblems } from './topics.js';

/** A part of the contract of a bus: topics, what is published, and what of it a group is given. */
export function logContract(openFixture: () => Promise<BusFixture>): void {
  let world: BusWorld;

  beforeEach(async () => {
    world = await BusWorld.open(openFixture);
  });

  afterEach(() => world.close());

  it('gives every record back as it was published, to the byte', async () => {
    const published: BusRecord[] = [
      { key: Buffer.from('text'), value: Buffer.from('{"é":"😀"}'), headers: { 'content-type': 'a/b', 'x-é': 'ü' } },
      { key: null, value: Buffer.from('no key'), headers: {} },
      { key: Buffer.from('no value'), value: null, headers: { why: '' } },
      { key: Buffer.from([0, 255, 10]), value: Buffer.from([...Array(256).keys()]), headers: {} },
      {
        key: Buffer.from('headers'),
        value: Buffer.from('{}'),
        headers: {
          binary: Buffer.from([0xc3, 0x28, 0xff, 0]),
          repeated: ['a', Buffer.from([0x80]), 'a', ''],
          text: '\ufeffé\0',
        },
      },
      { key: Buffer.from('empty'), value: Buffer.alloc(0), headers: {} },
      { key: Buffer.from('large'), value: randomBytes(600_000), headers: {} },
      { key: Buffer.from('large'), value: randomBytes(600_000), headers: {} },
    ];
    const recorder = new Recorder();
    await world.join(recorder.handler());

    await world.bus.publish(world.topic, published);

    await eventually(() => expect(recorder.records).toHaveLength(published.length));
    const asPublished = recorder.records.map(({ key, value, headers }) => ({ key, value, headers }));
    expect(sortedAsText(asPublished)).toEqual(sortedAsText(published));
  });

  it('gives header bytes that are text as text', async () => {
    const recorder = new Recorder();
    await world.join(recorder.handler());

    const headers = { text: Buffer.from('ü'), repeated: [Buffer.from('a'), 'b'] };
    await world.bus.publish(world.topic, [{ key: null, value: null, headers }]);

    await eventually(() => expect(recorder.records).toHaveLength(1));
    expect(recorder.records[0]?.headers).toEqual({ text: 'ü', repeated: ['a', 'b'] });
  });

  it('keeps the records of a key in order', async () => {
    const values = Array.from({ length: 50 }, (_, index) => String(index));
    const recorder = new Recorder();
    await world.join(recorder.handler());

    for (const value of values)
      await world.bus.publish(world.topic, [record('a', value), record('b', value), record('c', value)]);

    await eventually(() => expect(recorder.records).toHaveLength(150));
    expect(recorder.valuesByKey()).toEqual({ a: values, b: values, c: values });
  });

  it('numbers the records of a partition without a gap', async () => {
    await world.bus.publish(world.topic, aRoundOf('1'));
    await world.bus.publish(world.topic, aRoundOf('2'));

    const recorder = new Recorder();
    await world.join(recorder.handler());

    await eventually(() => expect(recorder.records).toHaveLength(2 * keys.length));
    expect(recorder.partitions().size).toBeGreaterThan(1);
    for (const partition of recorder.partitions()) {
      const offsets = recorder.records.filter((each) => each.partition === partition).map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.map((_, index) => index));
    }
  });

  it('lets a new group begin at the oldest record', async () => {
    await world.bus.publish(world.topic, aRoundOf('before the group'));

    const recorder = new Recorder();
    await world.join(recorder.handler());

    await eventually(() => expect(recorder.records).toHaveLength(keys.length));
  });

  it('gives all records to each of two groups', async () => {
    const [one, other] = [new Recorder(), new Recorder()];
    await Promise.all([world.join(one.handler()), world.join(other.handler(), { group: `${world.group}-other` })]);

    await world.bus.publish(world.topic, aRoundOf('1'));

    await eventually(() => {
      expect([...one.values].sort()).toEqual([...aRoundOf('1').map(({ value }) => String(value))].sort());
      expect([...other.values].sort()).toEqual([...one.values].sort());
    });
  });

  it('gives the records of each topic to its own handler', async () => {
    const otherTopic = `topic-${randomUUID()}`;
    await world.bus.createTopics([otherTopic]);
    const [one, other] = [new Recorder(), new Recorder()];
    const handlers = new Map([
      [world.topic, one.handler()],
      [otherTopic, other.handler()],
    ]);
    world.running.push(await world.bus.consume(world.group, handlers));

    await Promise.all([
      world.bus.publish(world.topic, [record('k', 'one')]),
      world.bus.publish(otherTopic, [record('k', 'other')]),
    ]);

    await eventually(() => expect([one.values, other.values]).toEqual([['one'], ['other']]));
    expect(one.records[0]?.topic).toBe(world.topic);
    expect(other.records[0]?.topic).toBe(otherTopic);
  });

  it('keeps everything over the end of the process', async () => {
    const before = new Recorder();
    const member = await world.join(before.handler());
    await world.bus.publish(world.topic, [record('k', 'done')]);
    await eventually(() => expect(before.values).toEqual(['done']));
    await world.leave(member);
    await world.bus.publish(world.topic, [record('k', 'not done')]);

    const next = await world.fixture.reopen();
    await next.publish(world.topic, [record('k', 'new')]);

    const [sameGroup, newGroup] = [new Recorder(), new Recorder()];
    await world.join(sameGroup.handler(), { bus: next });
    await world.join(newGroup.handler(), { bus: next, group: `${world.group}-new` });
    await eventually(() => expect(sameGroup.values).toEqual(['not done', 'new']));
    await eventually(() => expect(newGroup.values).toEqual(['done', 'not done', 'new']));
  });

  it('creates topics that exist already, and the same ones at the same time', async () => {
    const topics = [world.topic, ...Array.from({ length: 3 }, () => `topic-${randomUUID()}`)];

    await Promise.all([
      world.bus.createTopics(topics),
      world.bus.createTopics([...topics].reverse()),
      world.bus.createTopics([world.topic]),
    ]);
    await world.bus.createTopics(topics);

    await Promise.all(topics.map((each) => eventually(() => world.bus.publish(each, [record('k', 'v')]))));
  });

  it('takes many publishes at once, and keeps the order in which they were asked for', async () => {
    const values = Array.from({ length: 300 }, (_, index) => String(index));
    const recorder = new Recorder();
    await world.join(recorder.handler());

    await Promise.all(
      values.map((value) => world.bus.publish(world.topic, [record('a', value), record(`b${value}`, value)])),
    );

    await eventually(() => expect(recorder.records).toHaveLength(600));
    expect(recorder.valuesByKey().a).toEqual(values);
  });

  it('publishes no records', async () => {
    await expect(world.bus.publish(world.topic, [])).resolves.toBeUndefined();
  });

  it('describes its topics, which forget nothing', async () => {
    const deadLetters = `${world.topic}.group.dlt`;
    await world.bus.createTopics([deadLetters]);

    const described = await world.bus.describeTopics([world.topic, deadLetters]);

    expect(described.map(({ topic }) => topic).sort()).toEqual([world.topic, deadLetters]);
    expect(described.flatMap(retentionProblems)).toEqual([]);
    for (const each of described) expect(each).toMatchObject({ partitions: 6, replicationFactor: 1, brokers: 1 });
    expect(described.find(({ topic }) => topic === deadLetters)?.settings).toMatchObject({
      'max.message.bytes': '2097152',
    });
  });

  it('counts the records of each topic', async () => {
    const [empty, nowhere] = [`topic-${randomUUID()}`, `topic-${randomUUID()}`];
    await world.bus.createTopics([empty]);
    await world.bus.publish(world.topic, aRoundOf('1'));
    await world.bus.publish(world.topic, aRoundOf('2'));

    const counts = await world.bus.countRecords([world.topic, empty, nowhere]);

    expect([...counts].sort()).toEqual(
      [
        [world.topic, 2 * keys.length],
        [empty, 0],
        [nowhere, 0],
      ].sort(),
    );
  });

  it('says that it and its members are up', async () => {
    const member = await world.join(new Recorder().handler());

    await eventually(() => expect(member.health()).toEqual({ up: true }));
    expect(await world.bus.check()).toEqual({ up: true });
  });
}

function sortedAsText(records: readonly BusRecord[]): string[] {
  const text = (bytes: Buffer | null) => bytes && bytes.toString('hex');
  return records
    .map(({ key, value, headers }) => JSON.stringify([text(key), text(value), Object.entries(headers).sort()]))
    .sort();
}
