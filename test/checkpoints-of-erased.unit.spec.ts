import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LoggedRecord } from '../src/platform/log/bus.js';
import { readToEnd } from '../src/platform/log/read-to-end.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { MemorySystem } from './support/memory-system.js';
import { attestationOf, erase, newPerson, type Person } from './support/persons.js';

const ORDERS = 'orders.order.change';
const SINCE = { sinceCheckpoint: true };

describe('a verification since a checkpoint, of a person who was erased', () => {
  let system: MemorySystem;
  let person: Person;

  beforeEach(async () => {
    system = await MemorySystem.open();
    await system.start();
    person = await newPerson(system.urls);
  });

  afterEach(() => system.stop());

  async function erased(): Promise<void> {
    await erase(system.urls, person);
    await attestationOf(system.urls, person);
    await system.expectVerified();
  }

  it.each(['accounts', 'orders'])('finds nothing wrong in %s when the erasure came after it', async (context) => {
    await eventually(async () => expect((await system.verifyModule(context)).kept).toBeDefined());

    await erased();

    const { verdict, lostKeys } = await system.verifyModule(context, SINCE);
    expect({ verdict, lostKeys }).toEqual({ verdict: 'matches', lostKeys: 0 });
  });

  it('finds nothing wrong in orders when an event of the person comes again', async () => {
    await erased();
    await system.stop();
    expect((await system.verifyModule('orders')).kept).toBeDefined();
    const records: LoggedRecord[] = [];
    await readToEnd(system.bus, [ORDERS], (some) => Promise.resolve(void records.push(...some)));
    const [sealed] = records.filter(({ value }) => value?.includes('"sealed"'));

    await system.bus.publish(ORDERS, [sealed!]);

    const { verdict, lostKeys, records: read } = await system.verifyModule('orders', SINCE);
    expect({ verdict, lostKeys, read }).toEqual({ verdict: 'matches', lostKeys: 0, read: 1 });
  });
});
