import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '../embedded/bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedPositions } from '../embedded/positions.js';
import type { LoggedRecord, RunningConsumer } from '../log/bus.js';
import { leaseUntil } from '../log/lease.js';
import { eventually } from '../testing/eventually.js';
import { gate, type Gate } from '../testing/gate.js';
import { record } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import { PositionKeeper } from './position-keeper.js';
import { type EarlyHandler, storeLater } from './store-later.js';

const LEASE = leaseUntil(new AbortController().signal);
const AWAY = new Error('the database is away');

/** What is stored, each time when the test lets it: it waits for the gate, and fails if that says so. */
class Storing {
  readonly begun: string[] = [];
  readonly stored: string[] = [];
  private readonly gates: Gate[] = [];
  private readonly failing = new Set<number>();
  waits = true;

  readonly handle = async (records: readonly LoggedRecord[]): Promise<void> => {
    const number = this.begun.length;
    const values = records.map(({ value }) => String(value));
    this.begun.push(values.join(' '));
    const opening = (this.gates[number] ??= gate());
    if (this.waits) await opening.opened;
    if (this.failing.has(number)) throw AWAY;
    this.stored.push(...values);
  };

  /** Lets that call end. */
  end(number: number, { fails = false } = {}): void {
    if (fails) this.failing.add(number);
    (this.gates[number] ??= gate()).open();
  }
}

describe('a handler that stores later', () => {
  let storing: Storing;
  let handle: EarlyHandler;
  beforeEach(() => {
    storing = new Storing();
    handle = storeLater(storing.handle);
  });
  const deliver = (value: string, partition = 0) =>
    handle([{ ...record('k', value), topic: 'topic', partition, offset: 0 }], LEASE);

  it('returns before the records are stored, and says when they are', async () => {
    const later = await deliver('a');
    expect(storing.stored).toEqual([]);

    storing.end(0);
    await later?.stored;

    expect(storing.stored).toEqual(['a']);
  });

  it('stores one delivery of a partition after the other, and those of others meanwhile', async () => {
    await deliver('a');
    const next = deliver('b');
    await deliver('x', 1);
    expect(storing.begun).toEqual(['a', 'x']);

    storing.end(0);
    await next;

    expect(storing.begun).toEqual(['a', 'x', 'b']);
  });

  it('fails with the next delivery after one that was not stored, and then waits until one is', async () => {
    const first = await deliver('a');
    const second = deliver('b');
    storing.end(0, { fails: true });
    await expect(first?.stored).rejects.toBe(AWAY);
    await expect(second).rejects.toBe(AWAY);

    const again = deliver('a');
    storing.end(1, { fails: true });
    await expect(again).rejects.toBe(AWAY);

    const oncemore = deliver('a');
    storing.end(2);
    expect(await oncemore).toBeUndefined();
    expect(storing.stored).toEqual(['a']);

    const next = await deliver('b');
    expect(next?.stored).toBeInstanceOf(Promise);
  });
});

describe('the position of records that are stored later', () => {
  const [TOPIC, GROUP] = ['topic', 'group'];
  let database: EmbeddedDatabase;
  let log: EmbeddedBus;
  let positions: EmbeddedPositions;
  let storing: Storing;
  let keeper: PositionKeeper;
  let running: RunningConsumer;

  beforeEach(async () => {
    database = await openEmbeddedDatabase('memory');
    log = new EmbeddedBus(database, silentLogger);
    positions = new EmbeddedPositions(database.level);
    storing = new Storing();
    keeper = new PositionKeeper({
      ...{ group: GROUP, positions, ownTopics: new Set(), logger: silentLogger },
      onRestoration: () => undefined,
    });
    const handlers = new Map([[TOPIC, keeper.watch(storeLater(storing.handle))]]);
    running = await log.consume(GROUP, handlers, (topic, partition) => keeper.startAt(topic, partition));
    keeper.attach(running);
  });
  afterEach(async () => {
    await running.stop();
    await log.close();
    await database.close();
  });
  const publish = (value: string) => log.publish(TOPIC, [record('k', value)]);
  const saved = async () => {
    await keeper.save();
    return (await positions.of(GROUP)).map(({ next }) => next);
  };

  it('moves once they are stored, and a save waits for that', async () => {
    await publish('a');
    await eventually(() => expect(storing.begun).toEqual(['a']));
    let isSaved = false;
    const saving = saved().finally(() => (isSaved = true));
    await publish('b');
    await new Promise(setImmediate);
    expect(isSaved).toBe(false);

    storing.end(0);
    expect(await saving).toEqual([1]);

    storing.end(1);
    await eventually(() => expect(storing.stored).toEqual(['a', 'b']));
    expect(await saved()).toEqual([2]);
  });

  it('stays where storing failed, and they are delivered again, with those after them', async () => {
    await publish('a');
    await eventually(() => expect(storing.begun).toEqual(['a']));
    await publish('b');
    storing.waits = false;
    storing.end(0, { fails: true });

    await eventually(() => expect(storing.stored).toEqual(['a', 'b']));
    await eventually(async () => expect(await saved()).toEqual([2]));
  });

  it('stays where storing failed until it succeeds', async () => {
    storing.end(0, { fails: true });
    await publish('a');
    await eventually(() => expect(storing.begun).toEqual(['a', 'a']));
    await publish('b');

    expect(await saved()).toEqual([]);
    storing.waits = false;
    storing.end(1);
    await eventually(() => expect(storing.stored).toEqual(['a', 'b']));
    await eventually(async () => expect(await saved()).toEqual([2]));
  });
});
