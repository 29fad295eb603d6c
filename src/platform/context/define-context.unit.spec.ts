import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Aggregates } from '../aggregate/aggregates.js';
import { createAggregate } from '../aggregate/change-aggregate.js';
import { eventOf } from '../aggregate/pending-event.js';
import { applyRecords } from '../consuming/apply-records.js';
import type { Subscription } from '../consuming/subscription.js';
import { EmbeddedBus } from '../embedded/bus.js';
import { openEmbeddedDatabase } from '../embedded/database.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { Bus, LoggedRecord } from '../log/bus.js';
import { leaseUntil } from '../log/lease.js';
import { requestContext } from '../tools/request-context.js';
import { toChain } from '../testing/cloud-events.js';
import { silentLogger } from '../testing/silent-logger.js';
import { created, type Item, type ItemChange, itemEvents } from '../testing/items.js';
import type { CodedError } from '../tools/errors.js';
import type { History } from '../views/history.js';
import type { Projection } from '../views/projection.js';
import type { Database } from './database.js';
import { aggregate, projection, reaction } from './declaration.js';
import { defineContext } from './define-context.js';
import { provide, token } from './token.js';

const NOTES = token<Aggregates<Item, ItemChange>>('notes');
const HISTORY = token<History<Item>>('history of notes');
const SEEN = token<Projection<string>>('seen');
const notes = { ...itemEvents, topic: 'notes.note.change', source: '/notes' };
const lease = leaseUntil(new AbortController().signal);

/** Keeps which items there are. */
class KeepSeen {
  constructor(private readonly seen: Projection<string>) {}
  execute(events: readonly CloudEvent[]): Promise<void> {
    const entries = events.map(({ subject: id, sequence, type }) => ({ id, version: Number(sequence), state: type }));
    return this.seen.apply(entries);
  }
}

/** Writes a note about each. */
class WriteNote {
  constructor(private readonly store: Aggregates<Item, ItemChange>) {}
  async execute(event: CloudEvent): Promise<void> {
    await createAggregate(this.store, (id, now) => created(`${event.subject} ${id}`, now));
  }
}

const contextReacting = (reactFrom: 'first' | 'now') =>
  defineContext({
    name: 'notes',
    purpose: 'writes a note about each item',
    aggregates: [aggregate({ port: NOTES, collection: 'notes', events: notes })],
    projections: [projection({ port: SEEN, collection: 'seen' })],
    useCases: [provide(KeepSeen, [SEEN]), provide(WriteNote, [NOTES])],
    reactions: [
      reaction({
        topic: itemEvents.topic,
        summary: 'notes writes a note about each item',
        read: (event) => (event.type === 'test.item.created' ? event : undefined),
        project: KeepSeen,
        react: WriteNote,
        reactFrom,
      }),
    ],
  });
const context = contextReacting('first');

function recordOf(event: CloudEvent, offset = 0): LoggedRecord {
  const [key, value] = [Buffer.from(event.subject), Buffer.from(JSON.stringify(event))];
  return { topic: itemEvents.topic, partition: 0, offset, key, value, headers: {} };
}

describe('a context without HTTP', () => {
  let database: Database;
  beforeEach(async () => {
    database = await openEmbeddedDatabase('memory');
  });
  afterEach(() => database.close());

  const apply = async (subscription: Subscription, ...events: readonly CloudEvent[]) => {
    expect(await applyRecords(subscription, events.map(recordOf), lease)).toEqual([]);
  };
  const written = async () => {
    const [store] = context.open(database).stores;
    const events: CloudEvent[] = [];
    for await (const { pending } of store!.unpublished()) events.push(...pending.map(eventOf));
    return events;
  };

  it('projects and reacts while it serves, and only projects in a replay', async () => {
    const { subscriptions, replayable, container } = context.open(database);
    const [event] = toChain(itemEvents, [created('a')]);

    await apply(
      replayable.projections.find(({ topic }) => topic === itemEvents.topic)!,
      event!,
    );
    expect(await container.get(SEEN).find('a')).toMatchObject({ version: 1 });
    expect(await written()).toEqual([]);

    await apply(
      subscriptions.find(({ topic }) => topic === itemEvents.topic)!,
      event!,
    );
    expect((await written()).map(({ subject }) => subject)).toEqual([expect.stringMatching(/^a /)]);
  });

  it('states in each event what caused it: its id, its trace and who did it', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const [ofAnn, ofNobody] = ['a', 'b'].map((id) => toChain(itemEvents, [created(id)])[0]!);
    const [subscription] = context.open(database).subscriptions;
    await apply(subscription!, { ...ofAnn!, actor: 'ann', traceparent }, ofNobody!);

    const [first, second] = (await written()).sort((a, b) => (a.subject < b.subject ? -1 : 1));
    expect(first).toMatchObject({ causationid: ofAnn!.id, actor: 'ann', traceparent });
    expect(second).toMatchObject({ causationid: ofNobody!.id });
    expect(second).not.toHaveProperty('actor');
    expect(second!.traceparent).not.toBe(traceparent);
    expect(requestContext()).toBeUndefined();
  });

  it('documents what it publishes and reads, and serves nothing', () => {
    expect(context.http).toBeUndefined();
    expect(context.events.publishes.map(({ topic }) => topic)).toEqual(['notes.note.change']);
    expect(context.events.reads).toEqual([
      { topic: itemEvents.topic, group: 'notes', summary: 'notes writes a note about each item' },
    ]);
  });
});

describe('a reaction that begins with now', () => {
  const late = contextReacting('now');
  let database: Database;
  let bus: Bus;
  beforeEach(async () => {
    database = await openEmbeddedDatabase('memory');
    bus = new EmbeddedBus(await openEmbeddedDatabase('memory'), silentLogger);
    await bus.createTopics([itemEvents.topic]);
  });
  afterEach(() => Promise.all([bus.close(), database.close()]));

  const publish = async (id: string, time: string) => {
    const [event] = toChain(itemEvents, [created(id, time)]);
    await bus.publish(itemEvents.topic, [recordOf(event!)]);
  };
  /** Has a process that starts now do what is to be done about all that the log holds. */
  const run = async () => {
    const { subscriptions, begin, stores, container } = late.open(database);
    await begin(bus);
    const [subscription] = subscriptions;
    const reader = await bus.read([itemEvents.topic], async (records, held) => {
      expect(await applyRecords(subscription!, records, held)).toEqual([]);
    });
    await reader.caughtUp().finally(() => reader.stop());
    const noted: string[] = [];
    for await (const { id } of stores[0]!.unpublished()) noted.push(id.split(' ')[0]!);
    return { noted: [...new Set(noted)].sort(), seen: container.get(SEEN) };
  };

  it('is given nothing of before, however often the process starts, and the projection everything', async () => {
    await publish('old', '2026-01-01T00:00:00.000Z');
    const { noted, seen } = await run();
    expect(noted).toEqual([]);
    expect(await seen.find('old')).toMatchObject({ version: 1 });

    await publish('new', '2026-01-01T00:00:00.001Z');
    expect((await run()).noted).toEqual(['new']);
    expect((await run()).noted).toEqual(['new']);
  });

  it('begins with the first event of a topic that has none yet', async () => {
    expect((await run()).noted).toEqual([]);
    await publish('first', '2026-01-01T00:00:00.000Z');
    expect((await run()).noted).toEqual(['first']);
  });

  it('does not begin by itself: what is applied before fails, and comes again', async () => {
    const [subscription] = late.open(database).subscriptions;
    const [event] = toChain(itemEvents, [created('a')]);
    await expect(applyRecords(subscription!, [recordOf(event!)], lease)).rejects.toThrow('has not begun');
  });
});

describe('a declaration', () => {
  it('reads a topic once, whatever it does about it', () => {
    const declared = {
      name: 'both',
      purpose: 'reads its own events, and does something about them',
      aggregates: [
        aggregate({ port: NOTES, collection: 'one', events: notes, history: { port: HISTORY, collection: 'two' } }),
      ],
      reactions: [reaction({ topic: notes.topic, summary: 'both counts notes', read: (event) => event })],
    };
    expect(defineContext(declared).events.reads).toEqual([
      { topic: notes.topic, group: 'both', summary: 'both counts notes; both records the history of each item' },
    ]);
  });

  it('has no route of a history without HTTP', () => {
    class NotFound extends Error implements CodedError {
      readonly kind = 'not-found';
      readonly code = 'not-found';
    }
    const route = { path: '/notes/{id}/history', tag: 'Notes', scope: 'notes:read', notFound: NotFound };
    const history = { port: HISTORY, collection: 'two', route };
    const declared = {
      name: 'silent',
      purpose: 'serves nothing',
      aggregates: [aggregate({ port: NOTES, collection: 'one', events: notes, history })],
    };
    expect(() => defineContext(declared)).toThrow('context silent: the route of a history needs http');
  });

  it('may name no collection twice', () => {
    const twice = {
      name: 'twice',
      purpose: 'is wrong',
      aggregates: [aggregate({ port: NOTES, collection: 'one', events: notes })],
      projections: [projection({ port: SEEN, collection: 'one' })],
    };
    expect(() => defineContext(twice)).toThrow('context twice: two stores share the collection one');
  });
});
