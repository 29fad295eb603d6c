import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type HashedEvent, toChain } from '../testing/cloud-events.js';
import { changed, created, itemEvents } from '../testing/items.js';
import { openEmbeddedDatabase, type EmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedLinks } from '../embedded/links.js';
import { CLOUD_EVENT_CONTENT_TYPE } from '../event/cloud-event.js';
import { composeCopy } from '../event/copied-event.js';
import { toEventRecord } from '../event/event-record.js';
import { hashOf } from '../event/hash-chain.js';
import type { Headers } from '../log/bus.js';
import type { ObservedEvent } from './observed-event.js';
import { Chain, type Fault } from './chain.js';

describe('the chain of events', () => {
  let scratch: EmbeddedDatabase;
  let faults: Fault[];

  beforeEach(async () => {
    scratch = await openEmbeddedDatabase('memory');
    faults = [];
  });

  afterEach(() => scratch.close());

  /** The events of an item, each chained to the one before. */
  function eventsOf(id: string, count: number): HashedEvent[] {
    const changes = [created(id)];
    while (changes.length < count) changes.push(changed(changes.at(-1)!.state, `name ${changes.length + 1}`));
    return toChain(itemEvents, changes);
  }

  function rehashed(event: HashedEvent, difference: object): HashedEvent {
    const altered = { ...event, ...difference };
    return { ...altered, hash: hashOf(altered) };
  }

  /** Checks a log with one partition for each list of events. */
  async function faultsOf(...partitions: (readonly HashedEvent[])[]): Promise<string[]> {
    const chain = new Chain(new EmbeddedLinks(scratch.level), (fault) => faults.push(fault));
    for (const [partition, events] of partitions.entries()) {
      await chain.observe(events.map((event, offset) => observed(event, partition, offset)));
    }
    await chain.check();
    return faults.map(({ where, what }) => `${where}: ${what}`);
  }

  function observed(event: HashedEvent, partition: number, offset: number): ObservedEvent {
    const record = toEventRecord(event.subject, JSON.stringify(event));
    return { event, record: { topic: 't', partition, offset, ...record } };
  }

  /** Checks the log of one event whose record has these headers. */
  async function faultsOfHeaders(difference: (event: HashedEvent) => Headers): Promise<string[]> {
    const [event] = eventsOf('a', 1) as [HashedEvent];
    const { record } = observed(event, 0, 0);
    const chain = new Chain(new EmbeddedLinks(scratch.level), (fault) => faults.push(fault));
    await chain.observe([{ event, record: { ...record, headers: difference(event) } }]);
    return faults.map(({ what }) => what);
  }

  it('accepts complete chains, even when aggregates are interleaved and events are repeated', async () => {
    const [a, b] = [eventsOf('a', 3), eventsOf('b', 2)];

    expect(await faultsOf([a[0]!, b[0]!, a[1]!, a[0]!, a[2]!, b[1]!, a[1]!])).toEqual([]);
  });

  describe('in another generation of the topic', () => {
    /** Copies with a chain of their own. */
    function copiesOf(events: readonly HashedEvent[]): HashedEvent[] {
      let prevhash: string | undefined;
      return events.map((event) => {
        const { json, hash } = composeCopy(event, prevhash);
        prevhash = hash;
        return JSON.parse(json) as HashedEvent;
      });
    }

    it('accepts copies, events that follow them, and events that are there as published, too', async () => {
      const events = eventsOf('a', 4);
      const copies = copiesOf(events.slice(0, 3));

      expect(await faultsOf([...copies, events[2]!, events[3]!])).toEqual([]);
    });

    it('reports a copy whose content is not that of the published event, although it was rehashed', async () => {
      const copies = copiesOf(eventsOf('a', 2));
      copies[1] = rehashed(copies[1]!, { actor: 'somebody else' });

      expect(await faultsOf(copies)).toEqual(['t/0/1 (a, version 2): altered: the content does not match the hash']);
    });

    it('reports a copy that is not chained to the copy before it', async () => {
      const copies = copiesOf(eventsOf('a', 2));
      copies[1] = rehashed(copies[1]!, { prevhash: 'f'.repeat(64) });

      expect(await faultsOf(copies)).toEqual(['t/0/1 (a, version 2): not chained to the previous version']);
    });
  });

  it('reports the successor of an event that was altered and rehashed', async () => {
    const events = eventsOf('a', 3);
    events[1] = rehashed(events[1]!, { actor: 'somebody else' });

    expect(await faultsOf(events)).toEqual(['t/0/2 (a, version 3): not chained to the previous version']);
  });

  it('reports a first event that has a predecessor', async () => {
    const [event] = eventsOf('a', 1) as [HashedEvent];

    expect(await faultsOf([rehashed(event, { prevhash: 'f'.repeat(64) })])).toEqual([
      't/0/0 (a, version 1): not chained to the previous version',
    ]);
  });

  it.each([
    [[1], 't/0/0 (a, version 2): version 1 missing before this event'],
    [[0, 2, 3], 't/0/1 (a, version 3): version 2 missing before this event'],
    [[0, 3], 't/0/1 (a, version 4): versions 2 to 3 missing before this event'],
  ])('reports the missing versions when only events %j of four exist', async (kept, fault) => {
    const events = eventsOf('a', 4);

    expect(await faultsOf(kept.map((index) => events[index]!))).toContain(fault);
  });

  it('reports events that are not in the order of their versions', async () => {
    const [first, second, third] = eventsOf('a', 3) as [HashedEvent, HashedEvent, HashedEvent];

    expect(await faultsOf([first, third, second])).toEqual([
      't/0/1 (a, version 3): the previous version comes later, at offset 2',
    ]);
  });

  it('reports events of one aggregate in two partitions, because their order is undefined', async () => {
    const [first, second] = eventsOf('a', 2) as [HashedEvent, HashedEvent];

    expect(await faultsOf([first], [second])).toEqual([
      't/1/0 (a, version 2): the previous version is in another partition, 0',
    ]);
  });

  it('reports a second event with the same version and other content', async () => {
    const [first, second] = eventsOf('a', 2) as [HashedEvent, HashedEvent];

    expect(await faultsOf([first, second, rehashed(second, { actor: 'somebody else' })])).toEqual([
      't/0/2 (a, version 2): another event has the same version: t/0/1 (a, version 2)',
    ]);
  });

  it('reports an event whose content does not match its hash, or has no canonical form', async () => {
    const [event] = eventsOf('a', 1) as [HashedEvent];

    expect(
      await faultsOf([
        { ...event, actor: 'somebody else' },
        { ...event, actor: '\ud800' },
      ]),
    ).toEqual([
      't/0/0 (a, version 1): altered: the content does not match the hash',
      't/0/1 (a, version 1): altered: the content does not match the hash',
    ]);
  });

  it('accepts records without the attributes in headers, as older ones are, and with more of them', async () => {
    const older = { 'content-type': CLOUD_EVENT_CONTENT_TYPE };
    expect(await faultsOfHeaders(() => older)).toEqual([]);
    expect(await faultsOfHeaders(({ id, hash }) => ({ ...older, ce_id: id, ce_hash: hash, other: 'x' }))).toEqual([]);
  });

  it('reports headers that contradict the event, because a consumer may trust them', async () => {
    const headers = { 'content-type': CLOUD_EVENT_CONTENT_TYPE };
    const contradictions = {
      ce_subject: ['a', 'a'],
      ce_type: 'another',
      ce_absent: 'x',
      ce_data: '{}',
      traceparent: '',
    };

    expect(await faultsOfHeaders(({ id }) => ({ ...headers, ce_id: id, ...contradictions }))).toEqual(
      Object.keys(contradictions).map((name) => `the header ${name} contradicts the event`),
    );
  });
});
