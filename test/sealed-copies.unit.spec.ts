import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type CloudEvent, dataschemaOf } from '../src/platform/event/cloud-event.js';
import { composeCopy, isAltered } from '../src/platform/event/copied-event.js';
import type { EventStream } from '../src/platform/event/event-stream.js';
import { hashOf } from '../src/platform/event/hash-chain.js';
import { holdToSchema } from '../src/platform/event/message-schemas.js';
import { upcast } from '../src/platform/event/upcast.js';
import { copyEvent } from '../src/platform/generations/copy-event.js';
import { SealCopies } from '../src/platform/generations/seal-copies.js';
import { isShredded, type StoredKey, type WrappedKey } from '../src/platform/privacy/data-key.js';
import { KeyRing } from '../src/platform/privacy/key-ring.js';
import { MasterKeys } from '../src/platform/privacy/master-keys.js';
import { type OpenEvents, openEventsWith } from '../src/platform/privacy/open-events.js';
import { customerEvents } from '../src/accounts/messages/customer-events.js';
import { orderEvents } from '../src/orders/messages/order-events.js';

const ring = new KeyRing(new MasterKeys([{ id: 'of tests', bytes: randomBytes(32) }]));
const wrapped = new Map<string, WrappedKey>();
const ERASED: KeyOf = () => ({ shreddedAt: '2026-11-27T10:00:00.000Z' });

type KeyOf = (person: string) => StoredKey;

function keyOf(person: string): WrappedKey {
  const key = wrapped.get(person) ?? ring.make(person).wrapped;
  wrapped.set(person, key);
  return key;
}

function openWith(stored: KeyOf): OpenEvents {
  const find = (persons: readonly string[]) =>
    Promise.resolve(new Map(persons.map((person) => [person, stored(person)])));
  return openEventsWith(ring, { find }, { find, areForgotten: true });
}

function sealer(stream: EventStream, stored: KeyOf = keyOf): SealCopies {
  const opened = (person: string) => {
    const key = stored(person);
    return isShredded(key) ? undefined : ring.open(person, key);
  };
  return new SealCopies(stream, {
    keysOf: (persons) => Promise.resolve(new Map(persons.map((person) => [person, opened(person)]))),
    open: openWith(stored),
  });
}

/** The golden samples in clear text, as they were published: with their hash. */
const SAMPLES = [customerEvents, orderEvents].flatMap((stream) =>
  (stream.samples ?? []).map((sample) => ({
    name: nameOf(sample),
    stream,
    event: { ...sample, hash: hashOf(sample) },
  })),
);
const CLEAR = SAMPLES.filter(({ event }) => /"(?:name|shipTo|cancelReason)":/.test(JSON.stringify(event.data)));
const OTHERS = SAMPLES.filter((sample) => !CLEAR.includes(sample));

function nameOf({ dataschema, data }: CloudEvent): string {
  return `${dataschema}${'sealed' in (data as object) ? ', sealed' : ''}`;
}

function personIn({ subject, data }: CloudEvent): string {
  return (data as { readonly order?: { readonly customerId: string } }).order?.customerId ?? subject;
}

/** As the copier does it. */
async function copyOf(event: CloudEvent, by: SealCopies): Promise<CloudEvent> {
  const [content] = await by.apply([event]);
  const { value } = copyEvent({ value: null, headers: {} }, event, content as CloudEvent, () => undefined);
  return value === null ? event : (JSON.parse(String(value)) as CloudEvent);
}

describe('a copy of an event in another generation', () => {
  it('is tested with events of every kind', () => {
    expect(CLEAR.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'urn:schema:accounts.customer.registered:v1',
        'urn:schema:accounts.customer.registered:v2',
        'urn:schema:accounts.customer.changed:v3',
        'urn:schema:orders.order.shipped:v1',
        'urn:schema:orders.order.cancelled:v2',
      ]),
    );
    expect(OTHERS.map(({ name }) => name)).toContain('urn:schema:accounts.customer.registered:v3, sealed');
  });

  describe.each(CLEAR)('that was published in clear text: $name', ({ stream, event }) => {
    const major = stream.schemaVersions[event.type.slice(stream.typePrefix.length + 1)] ?? 0;

    it('is sealed as it would be composed today, and has the id, time and sequence that it had', async () => {
      const copy = await copyOf(event, sealer(stream));

      expect(copy).toEqual({
        ...event,
        dataschema: dataschemaOf(event.type, major),
        formerschema: event.dataschema,
        formerhash: event.hash,
        ...(event.prevhash !== undefined && { prevhash: event.prevhash, formerprevhash: event.prevhash }),
        ...('formerdata' in copy && { formerdata: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/) }),
        hash: hashOf(copy),
        data: expect.objectContaining({ sealed: expect.objectContaining({ kid: keyOf(personIn(event)).kid }) }),
      });
      expect(() => holdToSchema(stream.schemas, copy.dataschema, copy.data as object)).not.toThrow();
    });

    it('opens to what the event says in the newest version, and to what was published', async () => {
      const by = sealer(stream);
      const copy = await copyOf(event, by);
      const [opened] = (await openWith(keyOf)([copy])) as [CloudEvent];

      expect(opened.data).toEqual(upcast(event, stream.upcasters ?? {}, major).data);
      expect(isAltered(copy)).toBe(false);
      expect(isAltered(copy, opened)).toBe(false);
      expect(await by.findWrong([copy])).toEqual([]);
      expect(by.commonOf(copy)).toEqual(by.commonOf(event));
    });

    it('is found if it says something else, although it was sealed and hashed', async () => {
      const by = sealer(stream);
      const text = JSON.stringify(event.data).replace(/"(firstName|city|cancelReason)":"[^"]*"/, '"$1":"forged"');
      const [content] = (await by.apply([{ ...event, data: JSON.parse(text) as object }])) as [CloudEvent];
      const copy = JSON.parse(composeCopy(content, event.prevhash).json) as CloudEvent;
      const [opened] = (await openWith(keyOf)([copy])) as [CloudEvent];

      expect(isAltered(copy)).toBe(false);
      expect(isAltered(copy, opened)).toBe(true);
      expect(await by.findWrong([copy])).toEqual([copy]);
    });

    it('can be opened by nobody if the person was erased', async () => {
      const by = sealer(stream, ERASED);
      const copy = await copyOf(event, by);

      expect(by.closed).toBe(1);
      expect((copy.data as { sealed: { kid: string } }).sealed.kid).not.toBe(keyOf(personIn(event)).kid);
      const [opened] = await openWith(ERASED)([copy]);
      expect(opened).toMatchObject({ forgotten: true });
      expect(isAltered(copy, opened as CloudEvent)).toBe(false);
      expect(await by.findWrong([copy])).toEqual([]);
      expect(by.commonOf(copy)).toEqual(by.commonOf(event));
    });

    it('stays altered if it was, and is sealed all the same', async () => {
      const altered = { ...event, actor: 'somebody else' };
      const copy = await copyOf(altered, sealer(stream));

      expect(copy).toMatchObject({ hash: event.hash, formerschema: event.dataschema });
      expect(isAltered(copy)).toBe(true);
    });

    it('is as it is when it is copied once more', async () => {
      const copy = await copyOf(event, sealer(stream));

      expect(await sealer(stream).apply([copy])).toEqual([copy]);
    });
  });

  it.each(OTHERS)('stays as it is if it has nothing in clear text: $name', async ({ stream, event }) => {
    expect(await sealer(stream).apply([event])).toEqual([event]);
  });

  it('stays as it is if it cannot be read, which is counted', async () => {
    const { stream, event } = CLEAR[0] as (typeof CLEAR)[0];
    const by = sealer(stream);
    const unreadable = { ...event, dataschema: dataschemaOf(event.type, 99) };

    expect(await by.apply([unreadable])).toEqual([unreadable]);
    expect(by).toMatchObject({ sealed: 0, unreadable: 1 });
  });
});
