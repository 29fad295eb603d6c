import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CONTEXTS } from '../src/contexts.js';
import { typeOf } from '../src/platform/context/async-api/message-schemas.js';
import type { LoggedRecord } from '../src/platform/log/bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import { type CloudEvent, dataschemaOf } from '../src/platform/event/cloud-event.js';
import { parseCloudEvent, UnreadableRecord } from '../src/platform/event/parse-cloud-event.js';
import type { HistoryEntry } from '../src/platform/views/history.js';
import type { Subscription } from '../src/platform/consuming/subscription.js';
import { goldenSamples, messageSchemas } from './support/messages.js';

interface Reader {
  readonly context: string;
  readonly topic: string;
  readonly read: (event: CloudEvent) => unknown;
}

function recordOf(event: CloudEvent): LoggedRecord {
  const value = Buffer.from(JSON.stringify(event));
  return { topic: 't', partition: 0, offset: 0, key: Buffer.from(event.subject), value, headers: {} };
}

const streams = CONTEXTS.flatMap(({ name, events }) => events.publishes.map((stream) => ({ context: name, stream })));

describe('every version that was ever published', () => {
  let database: EmbeddedDatabase;
  let readers: readonly Reader[];

  beforeAll(async () => {
    database = await openEmbeddedDatabase('memory');
    // As the modules wire them.
    readers = CONTEXTS.flatMap((context) =>
      context.open(database).subscriptions.map((subscription) => readerOf(context.name, subscription)),
    );
  });
  afterAll(() => database.close());

  function readerOf(context: string, subscription: Subscription): Reader {
    const read = (event: CloudEvent) => {
      const record = recordOf(event);
      const read = subscription.read(parseCloudEvent(record), record) as { readings: unknown[] } | undefined;
      return read?.readings.find((reading) => reading !== undefined);
    };
    return { context, topic: subscription.topic, read };
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

    it.each(each)('is read by whoever reads there: %s', (_file, event) => {
      const here = readers.filter(({ topic }) => topic === stream.topic);
      expect(here.map((reader) => reader.context)).toContain(context);
      for (const { read } of here) {
        expect(read(event)).toMatchObject({ id: event.subject, version: Number(event.sequence) });
      }
    });

    it.each(each)('is read by its own context as today would state it: %s', (_file, event) => {
      const { state, changed } = readerAt(context, stream.topic).read(event) as HistoryEntry;
      const member = Object.keys(event.data as object).find((name) => name !== 'changed')!;
      const [, newest] = types.find(([type]) => type === event.type)!;
      const validate = messageSchemas(context)(dataschemaOf(event.type, newest));
      validate({ [member]: state, changed });
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
      accounts: (event: CloudEvent) =>
        ((readerAt('accounts', topic).read(event) as HistoryEntry).state as typeof old.data.customer).addresses,
      orders: (event: CloudEvent) => (readerAt('orders', topic).read(event) as typeof old.data.customer).addresses,
    };
    const contexts = Object.keys(addressesReadBy) as (keyof typeof addressesReadBy)[];

    it.each(contexts)(
      'an event of version 1 without a country is read by %s as one in the United States',
      (context) => {
        const { addresses } = old.data.customer;
        expect(addresses).not.toEqual([]);
        for (const address of addresses) expect(address).not.toHaveProperty('country');
        expect(addressesReadBy[context](old)).toEqual(addresses.map((address) => ({ ...address, country: 'US' })));
      },
    );

    it.each(contexts)('an event of version 1 with a country is read by %s as one in that country', (context) => {
      const stated = sampleOf('urn:schema:accounts.customer.changed:v1');
      expect(addressesReadBy[context](stated)).toEqual(stated.data.customer.addresses);
      expect(stated.data.customer.addresses[0]).toHaveProperty('country', 'GB');
    });

    it.each(contexts)('an event of version 2 without a country is refused by %s', (context) => {
      const event = { ...old, dataschema: 'urn:schema:accounts.customer.registered:v2' };
      expect(() => addressesReadBy[context](event)).toThrow(UnreadableRecord);
      expect(() => addressesReadBy[context](event)).toThrow(
        "data/customer/addresses/0 must have required property 'country'",
      );
    });

    it.each(contexts)('data of version 1 that is no customer is refused by %s, whatever it is', (context) => {
      const odd = [null, 1, 'x', [], {}, { customer: null }, { customer: { addresses: 'x' } }];
      for (const data of [...odd, { customer: { addresses: [1] } }, { customer: { addresses: [null] } }]) {
        expect(() => addressesReadBy[context]({ ...old, data })).toThrow(UnreadableRecord);
      }
    });
  });
});
