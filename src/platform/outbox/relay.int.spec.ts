import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Db } from 'mongodb';
import { eventually } from '../testing/eventually.js';
import { gate } from '../testing/gate.js';
import { created, type Item, itemEvents, type ItemChange } from '../testing/items.js';
import { driverOf, mongoTestDatabase, type MongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import { FlakyLog, type PublishOutcome } from '../testing/relay-world.js';
import { silentLogger } from '../testing/silent-logger.js';
import { MongoAggregates } from '../mongodb/aggregates.js';
import { Relay, type RelaySettings } from './relay.js';

const TIME = Date.parse('2026-01-01T00:00:00.000Z');

describeWithRealServers('a relay on a large outbox in MongoDB', () => {
  let test: MongoTestDatabase;
  let db: Db;
  let log: FlakyLog;
  let relays: Relay[];

  beforeEach(async () => {
    test = mongoTestDatabase();
    db = driverOf(await test.open());
    log = new FlakyLog();
    relays = [];
    await new MongoAggregates<Item, ItemChange>(db.collection('items'), itemEvents).prepare();
  });

  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.stop(0)));
    await test.drop();
  });

  /** What an outage has left. */
  async function leave(aggregates: number, eventsOfEach: number, length: number): Promise<void> {
    const documents = Array.from({ length: aggregates }, (_, index) => {
      const id = `item-${index}`;
      const pending = Array.from({ length: eventsOfEach }, (_, before) => ({
        version: before + 1,
        time: new Date(TIME + index * 10 + before).toISOString(),
        json: JSON.stringify({ subject: id, sequence: `${before + 1}`, padding: 'x'.repeat(length) }),
      }));
      const state = { ...created(id).state, version: eventsOfEach };
      return { _id: id, version: eventsOfEach, hash: 'h', state, pending, commands: [] };
    });
    for (let from = 0; from < documents.length; from += 100) {
      await db.collection<{ _id: string }>('items').insertMany(documents.slice(from, from + 100));
    }
  }

  /** An instance of its own. */
  async function start(outcomes: () => Promise<PublishOutcome>, settings: Partial<RelaySettings> = {}): Promise<void> {
    const outbox = new MongoAggregates<Item, ItemChange>((await test.open()).db.collection('items'), itemEvents);
    const relay = new Relay(outbox, log.bus(outcomes), silentLogger, settings);
    relays.push(relay);
    relay.start();
  }

  const waits = () => db.collection('items').countDocuments({ 'pending.0': { $exists: true } });

  it('reads a little of it at a time, and nothing while its queue is full', async () => {
    await leave(60, 200, 1_400);
    await db.setProfilingLevel('all');
    const held = gate();
    await start(() => held.opened.then(() => 'ok'), { maxQueued: 200, sweepEvery: 1 });
    await eventually(() => expect(log.waiting).toBe(1));
    await db.setProfilingLevel('off');

    const replies = await db
      .collection('system.profile')
      .find({ responseLength: { $gt: 0 } })
      .toArray();
    const bytes = replies.reduce((sum, { responseLength }) => sum + Number(responseLength), 0);
    // All of it is 17 MB.
    expect(bytes).toBeGreaterThan(100 * 1_400);
    expect(bytes).toBeLessThan(6 * 1024 ** 2);

    held.open();
    await eventually(async () => expect(await waits()).toBe(0), { within: 60_000 });
    const everyVersion = Array.from({ length: 200 }, (_, index) => index + 1);
    for (const id of ['item-0', 'item-37', 'item-59']) expect(log.firstAppearances(id)).toEqual(everyVersion);
    expect(new Set(log.events.map(({ subject, sequence }) => `${subject} ${sequence}`)).size).toBe(60 * 200);
  }, 120_000);

  it('lets a command read how much waits, and none of it', async () => {
    await leave(1, 300, 1_400);
    const items = new MongoAggregates<Item, ItemChange>((await test.open()).db.collection('items'), itemEvents);
    await db.setProfilingLevel('all');
    expect(await items.find('item-0')).toMatchObject({ state: { version: 300 }, pending: { oldest: 1 } });
    await db.setProfilingLevel('off');

    const [reply] = await db.collection('system.profile').find({ 'command.find': 'items' }).toArray();
    expect(reply?.responseLength).toBeLessThan(1_000);
  });

  it('is divided among three instances instead of published by each', async () => {
    await leave(4_000, 1, 400);
    const publish = async (): Promise<PublishOutcome> => {
      await sleep(15);
      return 'ok';
    };
    for (let instance = 0; instance < 3; instance += 1) await start(publish);
    await eventually(async () => expect(await waits()).toBe(0), { within: 60_000 });

    expect(new Set(log.events.map(({ subject }) => subject)).size).toBe(4_000);
    // They do not coordinate, so the number of duplicates depends on how busy the machine is.
    expect(log.records.length).toBeLessThan(2.5 * 4_000);
  }, 120_000);
});
