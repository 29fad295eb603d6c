import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '../embedded/bus.js';
import { openEmbeddedDatabase } from '../embedded/database.js';
import type { Bus, BusRecord } from '../log/bus.js';
import { record } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import { ErasureLedger } from './erasure-ledger.js';

const KEYS = 'test.person.keys';
const CHANGES = 'test.person.change';

function changeOf(id: string, isErased: boolean): BusRecord {
  const event = {
    ...{ specversion: '1.0', id: '0f0e0d0c-0b0a-4000-8000-000000000001', source: '/test', subject: id },
    type: `test.person.${isErased ? 'erased' : 'changed'}`,
    ...{ time: '2026-11-24T08:00:00.000Z', datacontenttype: 'application/json', sequence: '1' },
    dataschema: `urn:schema:test.person.${isErased ? 'erased' : 'changed'}:v1`,
    data: { person: { id, ...(isErased && { erased: true }) } },
  };
  return record(id, JSON.stringify(event));
}
const erasureOf = (id: string) => changeOf(id, true);

describe('the ledger of erasures', () => {
  let bus: EmbeddedBus;
  let applied: Map<number, number>;
  /** The persons whose erasures were applied, by call. */
  let found: string[][];
  let reads: number;
  beforeEach(async () => {
    bus = new EmbeddedBus(await openEmbeddedDatabase('memory'), silentLogger);
    applied = new Map();
    found = [];
    reads = 0;
  });
  afterEach(() => bus.close());

  function ledgerOf(log: Pick<Bus, 'extents' | 'read'> = bus, apply = () => Promise.resolve()): ErasureLedger {
    return new ErasureLedger({
      keysTopic: KEYS,
      bus: {
        extents: (topic) => log.extents(topic),
        read: (...of) => {
          reads += 1;
          return log.read(...of);
        },
      },
      applied: (topic) => Promise.resolve(topic === CHANGES ? applied : new Map()),
      apply: async (entries) => {
        await apply();
        found.push(entries.map(({ event }) => event.subject));
      },
    });
  }
  const persons = () => found.flat().sort();
  const positionsNow = async () => new Map((await bus.extents(CHANGES)).map(({ partition, end }) => [partition, end]));

  it('has the erasures among the changes, and nothing else', async () => {
    const odd = [record('x', 'no JSON'), { key: null, value: null, headers: {} }];
    await bus.publish(CHANGES, [changeOf('ada', false), erasureOf('bob'), ...odd, erasureOf('eve')]);
    await bus.publish('test.other.change', [erasureOf('mallory')]);
    await ledgerOf().catchUp();
    expect(persons()).toEqual(['bob', 'eve']);
  });

  it('is searched from where the database has applied the changes', async () => {
    await bus.publish(CHANGES, ['ada', 'bob', 'eve', 'dan'].map(erasureOf));
    applied = await positionsNow();
    await bus.publish(CHANGES, ['kim', 'zoe'].map(erasureOf));
    await ledgerOf().catchUp();
    expect(persons()).toEqual(['kim', 'zoe']);
  });

  it('is not read at all if the database has applied everything, or there is nothing', async () => {
    await ledgerOf().catchUp();
    await bus.publish(CHANGES, [erasureOf('ada')]);
    applied = await positionsNow();
    await ledgerOf().catchUp();
    expect([reads, found]).toEqual([0, []]);
  });

  it('is searched for what is new the second time', async () => {
    const ledger = ledgerOf();
    await bus.publish(CHANGES, [erasureOf('ada')]);
    await ledger.catchUp();
    await ledger.catchUp();
    await bus.publish(CHANGES, [erasureOf('bob'), erasureOf('ada')]);
    await ledger.catchUp();
    expect(found.flat().sort()).toEqual(['ada', 'ada', 'bob']);
    expect(reads).toBe(2);
  });

  it('is searched again from where a database is that was restored meanwhile', async () => {
    const ledger = ledgerOf();
    await bus.publish(CHANGES, [erasureOf('ada')]);
    const backup = await positionsNow();
    await bus.publish(CHANGES, [erasureOf('bob')]);
    applied = await positionsNow();
    await bus.publish(CHANGES, [erasureOf('eve')]);
    await ledger.catchUp();
    expect(persons()).toEqual(['eve']);
    applied = backup;

    await ledger.catchUp();
    await ledger.catchUp();

    expect(persons()).toEqual(['bob', 'eve', 'eve']);
  });

  it('is searched once at a time, and each call has what was there before it', async () => {
    const ledger = ledgerOf();
    await bus.publish(CHANGES, [erasureOf('ada')]);
    await Promise.all([ledger.catchUp(), ledger.catchUp(), ledger.catchUp()]);
    expect(found).toEqual([['ada']]);
  });

  it('is searched again from the beginning when the log ends earlier than it did', async () => {
    await bus.publish(CHANGES, ['ada', 'ada', 'ada'].map(erasureOf));
    let log: Bus = bus;
    const ledger = ledgerOf({ extents: (topic) => log.extents(topic), read: (...of) => log.read(...of) });
    await ledger.catchUp();
    found = [];
    const restored = new EmbeddedBus(await openEmbeddedDatabase('memory'), silentLogger);
    try {
      await restored.publish(CHANGES, [changeOf('ada', false), erasureOf('ada')]);
      log = restored;
      await ledger.catchUp();
      expect(persons()).toEqual(['ada']);
    } finally {
      await restored.close();
    }
  });

  it('is searched again for what could not be applied', async () => {
    await bus.publish(CHANGES, [erasureOf('ada')]);
    const failures = [new Error('the database is away')];
    const ledger = ledgerOf(bus, async () => {
      const failure = failures.pop();
      if (failure) throw failure;
    });
    await expect(ledger.catchUp()).rejects.toThrow('away');
    await ledger.catchUp();
    expect(persons()).toEqual(['ada']);
  });
});
