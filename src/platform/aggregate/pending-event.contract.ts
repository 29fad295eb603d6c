import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AggregatesFixture, type ItemStore, pendingOf } from '../testing/item-stores.js';
import { changed, created, type Item, itemEvents } from '../testing/items.js';
import { hashOf } from '../event/hash-chain.js';
import { withRequestContext } from '../tools/request-context.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { ContractViolation } from '../event/message-schemas.js';
import type { StoredAggregate } from './aggregates.js';
import { eventOf } from './pending-event.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A part of the contract of an aggregate store: the event that is saved with a state. */
export function pendingEventContract(openFixture: () => Promise<AggregatesFixture>): void {
  let fixture: AggregatesFixture;
  let store: ItemStore;

  beforeEach(async () => {
    fixture = await openFixture();
    store = fixture.stores[0]!;
  });

  afterEach(() => fixture.dispose());

  async function found(id: string): Promise<StoredAggregate<ReturnType<typeof created>['state']>> {
    return (await store.find(id))!;
  }

  async function pendingEvents(id: string): Promise<readonly CloudEvent[]> {
    return (await pendingOf(store, id)).map(eventOf);
  }

  async function pendingAfter(changes: number): Promise<readonly CloudEvent[]> {
    await store.save(undefined, created('a'));
    for (let version = 2; version <= changes; version += 1) {
      const before = await found('a');
      await store.save(before, changed(before.state, `name ${version}`));
    }
    return pendingEvents('a');
  }

  it('is a CloudEvent as the event contract has it', async () => {
    const saving = created('a', '2026-05-06T07:08:09.010Z');
    await store.save(undefined, saving);

    const [pending] = await pendingEvents('a');
    expect(pending).toEqual({
      specversion: '1.0',
      id: expect.stringMatching(UUID),
      source: itemEvents.source,
      type: 'test.item.created',
      subject: 'a',
      time: '2026-05-06T07:08:09.010Z',
      datacontenttype: 'application/json',
      dataschema: 'urn:schema:test.item.created:v1',
      sequence: '1',
      hash: hashOf(pending!),
      data: { item: saving.state, changed: ['/name', '/tags'] },
    });
  });

  it('names the major version of its own type and a new id', async () => {
    const pending = await pendingAfter(2);

    expect(pending[1]?.dataschema).toBe('urn:schema:test.item.changed:v2');
    expect(pending[1]?.id).not.toBe(pending[0]?.id);
  });

  it('carries trace and actor of the request that it is saved in', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const contexts = [
      { requestId: '1', traceparent, actor: 'ann' },
      { requestId: '2', traceparent },
    ];
    const ids = ['a', 'b'];
    await Promise.all(ids.map((id, i) => withRequestContext(contexts[i]!, () => store.save(undefined, created(id)))));

    expect((await pendingEvents('a'))[0]).toMatchObject({ traceparent, actor: 'ann' });
    const [withoutActor] = await pendingEvents('b');
    expect(withoutActor).toMatchObject({ traceparent });
    expect(withoutActor).not.toHaveProperty('actor');
  });

  it('is refused when it is not as its schema has it, and nothing is saved', async () => {
    const { state } = created('a');
    const against = [
      { ...created('a'), state: { ...state, name: 4_711 as unknown as string } },
      { ...created('a'), state: 's3cr3t' as unknown as Item },
      { ...created('a'), type: 'unheard of' as 'created' },
    ];
    for (const wrong of against) {
      const refused = await store.save(undefined, wrong).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(ContractViolation);
      expect(String(refused)).toMatch(/urn:schema:test\.item\.(created|unheard of):v1: .+/);
      expect(String(refused)).not.toMatch(/s3cr3t|4711/);
    }
    expect(await store.find('a')).toBeUndefined();

    await store.save(undefined, created('a'));
    const before = await found('a');
    const renamed = changed(before.state, 'x');
    const wrong = { ...renamed, state: { ...renamed.state, name: null as unknown as string } };
    await expect(store.save(before, wrong)).rejects.toThrow('urn:schema:test.item.changed:v2: /item/name (type)');
    expect(await found('a')).toEqual(before);
  });

  it('names what differs from the state before, but for what every change sets', async () => {
    await store.save(undefined, created('a'));
    const before = await found('a');
    const { tags: _, ...untagged } = changed(before.state, 'x', '2027-01-01T00:00:00.000Z').state;
    await store.save(before, { ...changed(before.state, 'x'), state: { ...untagged, version: 2 } });

    expect((await pendingEvents('a')).at(-1)?.data).toMatchObject({ changed: ['/name', '/tags'] });
  });

  describe('in the chain of the aggregate', () => {
    it('names the hash of the event before it', async () => {
      const events = await pendingAfter(4);

      expect(events[0]).not.toHaveProperty('prevhash');
      expect(events.slice(1).map(({ prevhash }) => prevhash)).toEqual(events.slice(0, -1).map(({ hash }) => hash));
      expect(events.map(({ hash }) => hash)).toEqual(events.map((event) => hashOf(event)));
    });

    it('goes on from the hash of the last event when that one is published and gone', async () => {
      const [published] = await pendingAfter(1);
      await store.trim(new Map([['a', 1]]));
      const before = await found('a');
      expect(before.hash).toBe(published!.hash);

      await store.save(before, changed(before.state, 'after'));

      expect((await pendingEvents('a')).at(-1)?.prevhash).toBe(published!.hash);
    });

    it('has the same hash once it has been through JSON', async () => {
      const { state } = created('a');
      const odd = { ...state, name: 'é😀"\\ \u2028', tags: ['', '\u0000', '1e400'], score: 1e21, none: null };
      await store.save(undefined, { ...created('a'), state: odd });

      const [sent] = await pendingEvents('a');
      expect(sent!.data).toMatchObject({ item: odd });
      expect(sent!.hash).toBe(hashOf(sent!));
    });
  });
}
