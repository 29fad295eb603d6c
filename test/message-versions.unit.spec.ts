import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CONTEXTS } from '../src/contexts.js';
import { typeOf } from '../src/platform/context/async-api/message-schemas.js';
import type { LoggedRecord } from '../src/platform/log/bus.js';
import { EmbeddedBus } from '../src/platform/embedded/bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import { type CloudEvent, dataschemaOf } from '../src/platform/event/cloud-event.js';
import { parseCloudEvent, UnreadableRecord } from '../src/platform/event/parse-cloud-event.js';
import { toKeyRecord } from '../src/platform/privacy/key-records.js';
import { KeysOfLog } from '../src/platform/privacy/keys-of-log.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';
import type { HistoryEntry } from '../src/platform/views/history.js';
import type { Replayable } from '../src/platform/rebuilding/replayable.js';
import type { Subscription } from '../src/platform/consuming/subscription.js';
import { GOLDEN_PERSON, GOLDEN_WRAPPED, goldenRing } from './support/golden-key.js';
import { goldenSamples, messageSchemas } from './support/messages.js';

interface Reader {
  readonly context: string;
  readonly topic: string;
  readonly read: (event: CloudEvent) => Promise<unknown>;
}

function recordOf(event: CloudEvent): LoggedRecord {
  const value = Buffer.from(JSON.stringify(event));
  return { topic: 't', partition: 0, offset: 0, key: Buffer.from(event.subject), value, headers: {} };
}

const streams = CONTEXTS.flatMap(({ name, events }) => events.publishes.map((stream) => ({ context: name, stream })));

const KEYS = 'accounts.customer.keys';

describe('every version that was ever published', () => {
  let database: EmbeddedDatabase;
  let readers: readonly Reader[];

  // The one that erases a customer makes that customer's other events unreadable.
  beforeEach(async () => {
    database = await openEmbeddedDatabase('memory');
    const bus = new EmbeddedBus(database, silentLogger);
    await bus.publish(KEYS, [toKeyRecord(GOLDEN_PERSON, GOLDEN_WRAPPED)]);
    const keys = await KeysOfLog.read(KEYS, bus, database.stores.keyCopies('keys'), undefined);
    const privacy = { ring: goldenRing, seals: true, allKeys: () => keys };
    // As the modules wire them.
    readers = CONTEXTS.flatMap((context) => {
      const { subscriptions, replayable } = context.open(database, { privacy });
      return subscriptions.map((subscription) => readerOf(context.name, subscription, replayable));
    });
  });
  afterEach(() => database.close());

  function readerOf(context: string, subscription: Subscription, { systemsOfRecord }: Replayable): Reader {
    const { topic } = subscription;
    const own = systemsOfRecord.find(({ stream }) => stream.topic === topic);
    const open = own?.keys?.open ?? subscription.open;
    const read = async (event: CloudEvent) => {
      const record = recordOf(event);
      const parsed = parseCloudEvent(record);
      const opened = (await open?.([parsed]))?.[0] ?? parsed;
      if (opened instanceof UnreadableRecord) throw opened;
      const readings = [subscription.readSealed?.(parsed, record), subscription.read(opened, record)];
      const reading = (readings as ({ readings: unknown[] } | undefined)[])
        .flatMap((each) => each?.readings)
        .find((each) => each !== undefined);
      return own ? { ...(reading as HistoryEntry), ...own.read(opened) } : reading;
    };
    return { context, topic, read };
  }

  function readerAt(context: string, topic: string): Reader {
    const found = readers.find((reader) => reader.context === context && reader.topic === topic);
    if (!found) throw new Error(`${context} does not read ${topic}`);
    return found;
  }

  describe.each(streams)('on $stream.topic', ({ context, stream }) => {
    const samples = goldenSamples(context).filter(({ event }) => event.type.startsWith(`${stream.typePrefix}.`));
    const each = samples.map(({ file, event }) => [file, event] as const);
    const types = Object.entries(stream.schemaVersions).map(
      ([type, newest]) => [`${stream.typePrefix}.${type}`, newest] as const,
    );

    it.each(types)('of %s has a schema and a sample of each, up to version %i, that of today', (type, newest) => {
      const all = Array.from({ length: newest }, (_, index) => dataschemaOf(type, index + 1)).sort();
      const { schemas } = stream;
      expect(schemas.map(({ $id }) => $id).filter((id) => typeOf(id) === type)).toEqual(all);
      const sampled = samples.map(({ event }) => event.dataschema).filter((dataschema) => typeOf(dataschema) === type);
      expect([...new Set(sampled)].sort()).toEqual(all);
    });

    it.each(each)('is read by whoever reads there: %s', async (_file, event) => {
      const here = readers.filter(({ topic }) => topic === stream.topic);
      expect(here.map((reader) => reader.context)).toContain(context);
      for (const { read } of here) {
        expect(await read(event)).toMatchObject({ id: event.subject, version: Number(event.sequence) });
      }
    });

    it.each(each)('is read by its own context as today would state it: %s', async (_file, event) => {
      const { state, changed } = (await readerAt(context, stream.topic).read(event)) as HistoryEntry;
      const [, newest] = types.find(([type]) => type === event.type)!;
      const validate = messageSchemas(context)(dataschemaOf(event.type, newest));
      validate({ [stream.member]: state, changed });
      expect(validate.errors).toBeNull();
    });
  });

  describe('of customers', () => {
    const topic = 'accounts.customer.change';
    const sampleOf = (dataschema: string) =>
      goldenSamples('accounts').find(({ event }) => event.dataschema === dataschema)!.event as CloudEvent<{
        customer: { addresses: object[] };
      }>;
    const old = sampleOf('urn:schema:accounts.customer.registered:v1');
    const addressesReadBy = {
      accounts: async (event: CloudEvent) =>
        (((await readerAt('accounts', topic).read(event)) as HistoryEntry).state as typeof old.data.customer).addresses,
      orders: async (event: CloudEvent) =>
        ((await readerAt('orders', topic).read(event)) as typeof old.data.customer).addresses,
    };
    const contexts = Object.keys(addressesReadBy) as (keyof typeof addressesReadBy)[];

    it.each(contexts)(
      'an event of version 1 without a country is read by %s as one in the United States',
      async (context) => {
        const { addresses } = old.data.customer;
        expect(addresses).not.toEqual([]);
        for (const address of addresses) expect(address).not.toHaveProperty('country');
        expect(await addressesReadBy[context](old)).toEqual(
          addresses.map((address) => ({ ...address, country: 'US' })),
        );
      },
    );

    it.each(contexts)('an event of version 1 with a country is read by %s as one in that country', async (context) => {
      const stated = sampleOf('urn:schema:accounts.customer.changed:v1');
      expect(await addressesReadBy[context](stated)).toEqual(stated.data.customer.addresses);
      expect(stated.data.customer.addresses[0]).toHaveProperty('country', 'GB');
    });

    it.each(contexts)('an event of version 2 without a country is refused by %s', async (context) => {
      const event = { ...old, dataschema: 'urn:schema:accounts.customer.registered:v2' };
      await expect(addressesReadBy[context](event)).rejects.toThrow(UnreadableRecord);
      await expect(addressesReadBy[context](event)).rejects.toThrow(
        "data/customer/addresses/0 must have required property 'country'",
      );
    });

    it.each(contexts)('data of version 1 that is no customer is refused by %s, whatever it is', async (context) => {
      const odd = [null, 1, 'x', [], {}, { customer: null }, { customer: { addresses: 'x' } }];
      for (const data of [...odd, { customer: { addresses: [1] } }, { customer: { addresses: [null] } }]) {
        await expect(addressesReadBy[context]({ ...old, data })).rejects.toThrow(UnreadableRecord);
      }
    });
  });
});
