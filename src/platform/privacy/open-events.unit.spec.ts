import { beforeEach, describe, expect, it } from '@jest/globals';
import { boundTo } from '../event/compose-event.js';
import type { CloudEvent, SealedPart } from '../event/cloud-event.js';
import { type DataKey, newDataKey, type StoredKey, type WrappedKey } from './data-key.js';
import { KeyRing } from './key-ring.js';
import { MasterKeys, newMasterKey } from './master-keys.js';
import { type MissingKeys, openEventsWith } from './open-events.js';
import { sealPart } from './sealed-part.js';

const TYPE = 'test.item.created';
const SCHEMA = `urn:schema:${TYPE}:v1`;
const SHREDDED = { shreddedAt: '2026-11-24T08:00:00.000Z' };

/** Counts what it unwraps. */
class CountingWrapper extends MasterKeys {
  unwrapped = 0;

  constructor() {
    super([newMasterKey()]);
  }

  override unwrap(person: string, key: WrappedKey): DataKey {
    this.unwrapped += 1;
    return super.unwrap(person, key);
  }
}

function eventOf(data: object, subject = 'item-1', sequence = '1'): CloudEvent {
  return {
    ...{ specversion: '1.0', id: 'e', source: '/test', type: TYPE, subject, sequence },
    dataschema: SCHEMA,
    data,
  } as CloudEvent;
}

describe('opening sealed events', () => {
  let wrapper: CountingWrapper;
  let ring: KeyRing;
  let ada: DataKey;
  let keys: Map<string, StoredKey>;
  /** The persons who were looked up, and those who were waited for. */
  let lookedUp: (readonly string[])[];
  let awaited: (readonly string[])[];
  beforeEach(() => {
    wrapper = new CountingWrapper();
    ring = new KeyRing(wrapper);
    ada = newDataKey();
    keys = new Map([['ada', wrapper.wrap('ada', ada)]]);
    [lookedUp, awaited] = [[], []];
  });

  /** The event of an item that belongs to a person. */
  function sealed(person = 'ada', key = ada, part: Partial<SealedPart> = {}, of = { id: 'item-1', version: 1 }) {
    const box = sealPart(key, { '/item/name': 'Lovelace' }, boundTo(of, TYPE, SCHEMA));
    return eventOf({
      item: { ownerId: person },
      changed: ['/name'],
      sealed: { ...box, person: '/item/ownerId', ...part },
    });
  }

  const find = (persons: readonly string[]) => new Map([...keys].filter(([person]) => persons.includes(person)));
  function opening(missing: Partial<MissingKeys> = {}) {
    const source = {
      find: (persons: readonly string[]) => {
        lookedUp.push(persons);
        return Promise.resolve(find(persons));
      },
    };
    const wait = (persons: readonly string[]) => {
      awaited.push(persons);
      return Promise.resolve(new Map<string, StoredKey>());
    };
    return openEventsWith(ring, source, { find: wait, ...missing });
  }
  const openedOf = async (event: CloudEvent, missing?: Partial<MissingKeys>) => (await opening(missing)([event]))[0];
  const reasonOf = (outcome: unknown) => (outcome as Error).message;

  it('puts the personal members back, and keeps what was published beside the data', async () => {
    const event = sealed();
    const { sealed: part, ...clear } = event.data as { sealed: SealedPart; changed: string[] };
    expect(await openedOf(event)).toEqual({
      ...event,
      data: { ...clear, item: { ownerId: 'ada', name: 'Lovelace' } },
      sealed: part,
    });
  });

  it('takes the subject for the person if the sealed part names no other place', async () => {
    const part = sealPart(ada, { '/item/name': 'Lovelace' }, boundTo({ id: 'ada', version: 1 }, TYPE, SCHEMA));
    const event = eventOf({ item: {}, sealed: part }, 'ada');
    expect(await openedOf(event)).toMatchObject({ data: { item: { name: 'Lovelace' } } });
  });

  it('leaves events without a sealed part as they are, and looks nobody up for them', async () => {
    const events = [eventOf({ item: { name: 'Ada' } }), eventOf(null as never), eventOf(undefined as never)];
    expect(await opening()(events)).toEqual(events);
    expect(lookedUp).toEqual([]);
  });

  it('opens all in order, and looks each person up once', async () => {
    const bob = newDataKey();
    keys.set('bob', wrapper.wrap('bob', bob));
    const clear = eventOf({ item: {} });
    const opened = await opening()([sealed(), clear, sealed('bob', bob), sealed()]);
    expect(opened.map((event) => (event as CloudEvent<{ item: object }>).data.item)).toEqual([
      { ownerId: 'ada', name: 'Lovelace' },
      {},
      { ownerId: 'bob', name: 'Lovelace' },
      { ownerId: 'ada', name: 'Lovelace' },
    ]);
    expect(lookedUp).toEqual([['ada', 'bob']]);
    expect(wrapper.unwrapped).toBe(2);
  });

  describe('of more persons than are kept in memory', () => {
    const others = ['bob', 'carl', 'dora'];
    beforeEach(() => {
      ring = new KeyRing(wrapper, 2);
      for (const person of others) keys.set(person, wrapper.wrap(person, ada));
    });

    it.each([
      ['while others are opened', () => undefined],
      ['while others are looked up', () => others.map((person) => ring.open(person, keys.get(person) as WrappedKey))],
    ])('opens the event of one whose key is dropped from memory %s', async (_, during) => {
      await openedOf(sealed());
      const open = openEventsWith(
        ring,
        { find: (persons) => Promise.resolve(during()).then(() => find(persons)) },
        { areForgotten: true, find: () => Promise.resolve(new Map()) },
      );

      const opened = await open([...others.map((person) => sealed(person)), sealed()]);

      expect(opened.map((event) => (event as CloudEvent<{ item: object }>).data.item)).toEqual(
        [...others, 'ada'].map((ownerId) => ({ ownerId, name: 'Lovelace' })),
      );
    });
  });

  it('marks the events of an erased person as forgotten, without the personal members', async () => {
    keys.set('ada', SHREDDED);
    const event = sealed();
    const { sealed: part, ...clear } = event.data as { sealed: SealedPart };
    expect(await openedOf(event)).toEqual({ ...event, data: clear, sealed: part, forgotten: true });
  });

  it('opens nothing of an erased person with a key in memory, once the erasure was seen', async () => {
    const wrapped = keys.get('ada') as WrappedKey;
    await openedOf(sealed());
    keys.set('ada', SHREDDED);
    // An event with another key makes it look.
    const outcome = await openedOf(sealed('ada', newDataKey()));
    expect(outcome).toMatchObject({ forgotten: true });
    expect(await openedOf(sealed())).toMatchObject({ forgotten: true });
    ring.open('ada', wrapped);
    expect(wrapper.unwrapped).toBe(2);
  });

  describe('of a person whose key is not here', () => {
    beforeEach(() => keys.clear());

    it('waits for the key', async () => {
      const arrived = new Map([['ada', wrapper.wrap('ada', ada)]]);
      const opened = await openedOf(sealed(), { find: () => Promise.resolve(arrived) });
      expect(opened).toMatchObject({ data: { item: { name: 'Lovelace' } } });
    });

    it('learns of the erasure while it waits', async () => {
      const erased = new Map([['ada', SHREDDED]]);
      expect(await openedOf(sealed(), { find: () => Promise.resolve(erased) })).toMatchObject({ forgotten: true });
    });

    it('is tried again later: nothing is applied, and nothing is given up', async () => {
      await expect(openedOf(sealed())).rejects.toMatchObject({ kind: 'unavailable' });
      expect(awaited).toEqual([['ada']]);
    });

    it('is forgotten in a replay', async () => {
      expect(await openedOf(sealed(), { areForgotten: true })).toMatchObject({ forgotten: true });
    });
  });

  describe('finds unreadable, without a value in the reason, an event', () => {
    it.each<[string, () => CloudEvent, string]>([
      [
        'that is sealed with another key',
        () => sealed('ada', newDataKey()),
        'sealed with a key that is not the person’s',
      ],
      ['whose box was altered', () => sealed('ada', ada, { box: 'A'.repeat(40) }), 'was altered'],
      ['whose box is of another event', () => sealed('ada', ada, {}, { id: 'item-2', version: 1 }), 'was altered'],
      ['whose box is of another version', () => sealed('ada', ada, {}, { id: 'item-1', version: 2 }), 'was altered'],
      ['that names no person', () => sealed('ada', ada, { person: '/item/nobody' }), 'of which person'],
      ['that names something else', () => sealed('ada', ada, { person: '/item' }), 'of which person'],
      ['with a sealed part that is a text', () => eventOf({ sealed: 'Lovelace' }), 'is not a sealed part'],
      ['with a sealed part that is null', () => eventOf({ sealed: null }), 'is not a sealed part'],
      ['without a box', () => sealed('ada', ada, { box: undefined as never }), 'is not a sealed part'],
    ])('%s', async (_what, event, reason) => {
      const [outcome, other] = await opening()([event(), sealed()]);
      expect(reasonOf(outcome)).toContain(reason);
      expect((outcome as Error).name).toBe('UnreadableRecord');
      expect(reasonOf(outcome)).not.toMatch(/Lovelace|ada|item-/);
      expect(other).toMatchObject({ data: { item: { name: 'Lovelace' } } });
    });
  });

  describe('with a stored key that cannot be used', () => {
    beforeEach(() => void keys.set('ada', wrapper.wrap('bob', ada)));

    it('waits until it is repaired, because the event is not at fault', async () => {
      await expect(openedOf(sealed())).rejects.toMatchObject({ kind: 'unavailable' });
      keys.set('ada', wrapper.wrap('ada', ada));
      expect(await openedOf(sealed())).toMatchObject({ data: { item: { name: 'Lovelace' } } });
    });

    it('names the event in a replay', async () => {
      expect(reasonOf(await openedOf(sealed(), { areForgotten: true }))).toContain('cannot be used');
    });

    it('waits for a master key that is missing, except in a replay', async () => {
      keys.set('ada', new MasterKeys([newMasterKey()]).wrap('ada', ada));
      await expect(openedOf(sealed())).rejects.toMatchObject({ kind: 'unavailable' });
      await expect(openedOf(sealed(), { areForgotten: true })).rejects.toMatchObject({
        kind: 'rejected',
        code: 'no-master-key',
      });
    });
  });
});
