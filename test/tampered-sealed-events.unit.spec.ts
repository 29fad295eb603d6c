import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CloudEvent, SealedPart } from '../src/platform/event/cloud-event.js';
import { toEventRecord } from '../src/platform/event/event-record.js';
import { canonicalJson, hashOf } from '../src/platform/event/hash-chain.js';
import type { KeptRecord } from './support/log-world.js';
import { MemorySystem } from './support/memory-system.js';
import { patch } from './support/http.js';
import { NEWEST, newPerson, type Person } from './support/persons.js';

const CUSTOMERS = 'accounts.customer.change';
const ORDERS = 'orders.order.change';

interface SealedEvent extends CloudEvent {
  readonly data: { readonly sealed: SealedPart; readonly customer?: object; readonly order?: { customerId: string } };
}

/** An event in the log, and where it is. */
interface Logged {
  readonly place: string;
  readonly event: SealedEvent;
}

describe('of a log that somebody has written to, with hashes that fit,', () => {
  let system: MemorySystem;
  let [ada, bob]: Person[] = [];

  beforeEach(async () => {
    system = await MemorySystem.open();
    await system.start();
    [ada, bob] = [await newPerson(system.urls), await newPerson(system.urls)];
    await system.expectVerified();
  });

  afterEach(() => system.stop());

  async function find(topic: string, subject: string, sequence: number): Promise<Logged> {
    for await (const [place, { value }] of system.records.iterator()) {
      if (!place.startsWith(`${topic}!`)) continue;
      const event = JSON.parse(Buffer.from(value ?? '', 'base64').toString()) as SealedEvent;
      if (event.subject === subject && event.sequence === String(sequence)) return { place, event };
    }
    throw new Error(`${topic} has no version ${sequence} of ${subject}`);
  }

  /** Puts another event in the place of one, as somebody does who knows how hashes are made. */
  async function write({ place }: Pick<Logged, 'place'>, { hash: _, ...event }: CloudEvent): Promise<void> {
    const json = canonicalJson({ ...event, hash: hashOf(event) });
    const { key, value, headers } = toEventRecord(event.subject, json);
    const kept = { key: String(key?.toString('base64')), value: String(value?.toString('base64')), headers };
    await system.records.put(place, kept as KeptRecord);
  }

  async function expectNamed(context: string, { place }: Logged, reason: string): Promise<void> {
    const [topic, partition, offset] = place.split('!');
    const { findings, unreadable } = await system.verify(context);
    const at = { topic, partition: Number(partition), offset: Number(offset) };
    expect(unreadable).toMatchObject([{ record: at, reason }]);
    expect(findings).not.toEqual([]);
  }

  const withSealed = ({ event }: Logged, sealed: SealedPart): CloudEvent => ({
    ...event,
    data: { ...event.data, sealed },
  });

  it('a verification names an altered box', async () => {
    const newest = await find(CUSTOMERS, ada!.id, NEWEST);
    const { sealed } = newest.event.data;
    const bytes = Buffer.from(sealed.box, 'base64');
    bytes[20] = Number(bytes[20]) ^ 1;
    await write(newest, withSealed(newest, { ...sealed, box: bytes.toString('base64') }));
    for (const context of ['accounts', 'orders']) {
      await expectNamed(context, newest, 'data/sealed was altered, or is of another event');
    }
  });

  it('a verification names boxes of two events of a person that changed places', async () => {
    const [one, other] = [await find(CUSTOMERS, ada!.id, 1), await find(CUSTOMERS, ada!.id, NEWEST)];
    await write(one, withSealed(one, other.event.data.sealed));
    await write(other, withSealed(other, one.event.data.sealed));
    const { unreadable } = await system.verify('accounts');
    const reason = 'data/sealed was altered, or is of another event';
    expect(unreadable.map((each) => each.reason)).toEqual([reason, reason]);
    expect(unreadable.map(({ record }) => String(record.key))).toEqual([ada!.id, ada!.id]);
  });

  it('a verification names a box of another person, whichever key it says', async () => {
    const [newest, other] = [await find(CUSTOMERS, ada!.id, NEWEST), await find(CUSTOMERS, bob!.id, NEWEST)];
    const { kid } = newest.event.data.sealed;
    await write(newest, withSealed(newest, other.event.data.sealed));
    await expectNamed('accounts', newest, 'data/sealed was sealed with a key that is not the person’s');
    await write(newest, withSealed(newest, { ...other.event.data.sealed, kid }));
    await expectNamed('accounts', newest, 'data/sealed was altered, or is of another event');
  });

  it('a verification names the event of another person under this person’s id', async () => {
    const [newest, other] = [await find(CUSTOMERS, ada!.id, NEWEST), await find(CUSTOMERS, bob!.id, NEWEST)];
    const { customer } = newest.event.data;
    await write(newest, { ...other.event, subject: ada!.id, data: { ...other.event.data, customer } });
    await expectNamed('accounts', newest, 'data/sealed was sealed with a key that is not the person’s');
  });

  it('a verification names an order that was given to another customer', async () => {
    const shipped = await find(ORDERS, ada!.orders[0] as string, 2);
    const order = { ...shipped.event.data.order, customerId: bob!.id };
    await write(shipped, { ...shipped.event, data: { ...shipped.event.data, order } } as CloudEvent);
    await expectNamed('orders', shipped, 'data/sealed was sealed with a key that is not the person’s');
  });

  it('a replay restores the newest states that it can open, and knows nothing of the others', async () => {
    const altered = [await find(CUSTOMERS, ada!.id, NEWEST - 1), await find(CUSTOMERS, ada!.id, NEWEST)];
    const { sealed } = (await find(CUSTOMERS, ada!.id, 1)).event.data;
    for (const each of altered) await write(each, withSealed(each, sealed));
    await system.withRebuilt('accounts', async ({ stateOf, linksOf, unreadable }) => {
      expect(await stateOf(bob!.id)).toMatchObject({ version: NEWEST, name: { title: `Dr ${NEWEST}` } });
      expect(await stateOf(ada!.id)).toMatchObject({ version: NEWEST - 2, name: { title: `Dr ${NEWEST - 2}` } });
      const versions = (await linksOf(ada!.id)).map(({ version }) => version);
      expect(versions).toEqual(Array.from({ length: NEWEST - 2 }, (_, index) => index + 1));
      const reason = 'data/sealed was altered, or is of another event';
      const [one, other] = altered.map(({ place }) => Number(place.split('!')[2]));
      expect(unreadable).toMatchObject([
        { record: { offset: one }, reason },
        { record: { offset: other }, reason },
      ]);
    });
  });

  it('a replay names what it cannot read once, although it reads some events again', async () => {
    const [second, newest] = [await find(CUSTOMERS, ada!.id, 2), await find(CUSTOMERS, ada!.id, NEWEST)];
    await write(second, { ...second.event, dataschema: second.event.dataschema.replace(/\d+$/, '99') });
    await write(newest, withSealed(newest, second.event.data.sealed));
    await system.withRebuilt('accounts', ({ unreadable }) => {
      const offsets = [second, newest].map(({ place }) => Number(place.split('!')[2]));
      expect(unreadable.map(({ record }) => record.offset)).toEqual(offsets);
      return Promise.resolve();
    });
  });

  it.each(['a box that cannot be opened', 'a version of the schema that nobody knows'])(
    'a record with %s does not stop the commands, because a replay would ignore it',
    async (what) => {
      const [newest, first] = [await find(CUSTOMERS, ada!.id, NEWEST), await find(CUSTOMERS, ada!.id, 1)];
      const { dataschema } = newest.event;
      const sequence = String(NEWEST + 1);
      const customer = { ...newest.event.data.customer, version: NEWEST + 1 };
      const later = { ...newest.event, sequence, data: { ...newest.event.data, customer } };
      await system.stop();
      await write(
        newest,
        what.startsWith('a box')
          ? withSealed({ ...newest, event: later }, first.event.data.sealed)
          : { ...later, dataschema: dataschema.replace(/\d+$/, '99') },
      );
      await system.start();
      const changed = await patch(`${system.url}/accounts/customers/${ada!.id}`, { name: { title: 'Sir' } });
      expect(changed).toMatchObject({ status: 200 });
    },
  );

  it('a verification names an event whose hash was left as it is, too', async () => {
    const newest = await find(CUSTOMERS, ada!.id, NEWEST);
    const [, partition, offset] = newest.place.split('!');
    const record = (await system.records.get(newest.place)) as KeptRecord;
    const json = Buffer.from(String(record.value), 'base64').toString();
    const box = newest.event.data.sealed.box;
    const altered = json.replace(box, (await find(CUSTOMERS, ada!.id, 2)).event.data.sealed.box);
    await system.records.put(newest.place, { ...record, value: Buffer.from(altered).toString('base64') });
    const where = expect.stringContaining(`${CUSTOMERS}/${partition}/${Number(offset)}`);
    const { findings } = await system.verify('accounts');
    expect(findings).toContainEqual({ where, what: 'altered: the content does not match the hash' });
  });
});
