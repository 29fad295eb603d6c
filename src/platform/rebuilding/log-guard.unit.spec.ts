import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { changed, created, type Item, type ItemChange, itemEvents } from '../testing/items.js';
import { toEventRecord } from '../event/event-record.js';
import { silentLogger } from '../testing/silent-logger.js';
import { Relay } from '../outbox/relay.js';
import { hashOf } from '../event/hash-chain.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import { EmbeddedAggregates } from '../embedded/aggregates.js';
import { EmbeddedBus } from '../embedded/bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedHistory } from '../embedded/history.js';
import { EmbeddedPositions } from '../embedded/positions.js';
import { findWithPending } from './stored-with-pending.js';
import { LogGuard } from './log-guard.js';
import { PositionKeeper } from '../consuming/position-keeper.js';

const GROUP = 'items';
const UNREADABLE = 'unreadable';

describe('A log guard', () => {
  let log: EmbeddedBus;
  let databases: EmbeddedDatabase[];
  let store: EmbeddedAggregates<Item, ItemChange>;
  let positions: EmbeddedPositions;
  let history: EmbeddedHistory<Item>;

  beforeEach(async () => {
    databases = [];
    log = new EmbeddedBus(await openEmbeddedDatabase('memory'), silentLogger);
    await newDatabase();
  });

  afterEach(async () => {
    await log.close();
    await Promise.all(databases.map((database) => database.close()));
  });

  async function newDatabase(): Promise<void> {
    const database = await openEmbeddedDatabase('memory');
    databases.push(database);
    store = new EmbeddedAggregates<Item, ItemChange>(database.level, 'items', itemEvents);
    positions = new EmbeddedPositions(database.level);
    history = new EmbeddedHistory<Item>(database.level, 'history');
  }

  function newGuard(bus: Pick<EmbeddedBus, 'extents' | 'read'> = log): LogGuard {
    const ownTopics = new Set([itemEvents.topic]);
    const keeper = new PositionKeeper({
      group: GROUP,
      positions,
      ownTopics,
      logger: silentLogger,
      onRestoration: () => undefined,
    });
    return new LogGuard({
      module: 'items',
      bus,
      stores: [store],
      histories: [{ topic: itemEvents.topic, history }],
      keeper,
      subscriptions: [
        {
          topic: itemEvents.topic,
          read: (event) => {
            if (event.id === UNREADABLE) throw new UnreadableRecord('of no known version');
            return event;
          },
        },
      ],
      logger: silentLogger,
    });
  }

  async function create(id: string): Promise<void> {
    await store.save(undefined, created(id));
  }

  async function change(id: string, name: string): Promise<void> {
    const stored = await store.find(id);
    if (!stored) throw new Error('there is no such item');
    await store.save(stored, changed(stored.state, name));
  }

  /** Publishes everything that is pending. */
  async function publish(): Promise<void> {
    const relay = new Relay(store, log, silentLogger, { sweepAfter: 0 });
    relay.start();
    await eventually(async () => expect(await store.backlog()).toMatchObject({ events: 0 }));
    await relay.stop(1_000);
  }

  const refusal = async (guard: LogGuard) => {
    await guard.check();
    const { up, detail } = await guard.dependency().check();
    if (up) {
      store.admit();
      return undefined;
    }
    expect(guard.dependency().required()).toBe(true);
    expect(() => store.admit()).toThrow(detail ?? 'it says nothing');
    try {
      store.admit();
    } catch (error) {
      return { code: (error as { code: string }).code, detail };
    }
    throw new Error('it refuses nothing');
  };

  it('accepts commands when both are empty, when both agree, and when the database has pending events', async () => {
    expect(await refusal(newGuard())).toBeUndefined();
    const id = randomUUID();
    await create(id);
    expect(await refusal(newGuard())).toBeUndefined();
    await publish();
    expect(await refusal(newGuard())).toBeUndefined();
    await change(id, 'pending');
    expect(await refusal(newGuard())).toBeUndefined();
  });

  it('refuses commands, and names the remedy, when the database lacks logged events', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    await create(one);
    await create(other);
    await publish();
    const backup = await store.find(one);
    await change(one, 'lost');
    await publish();
    await newDatabase();
    await store.restore([{ id: one, version: 1, state: backup?.state as Item, hash: backup?.hash ?? '' }]);

    const guard = newGuard();
    const refused = await refusal(guard);

    expect(refused?.code).toBe('behind-the-log');
    expect(() => guard.refusePublishing()).toThrow(refused?.detail);
    expect(refused?.detail).toContain('2 of the most recently changed aggregates');
    expect(refused?.detail).toContain('run replay --module items');
  });

  it('accepts commands again once the database has the missing events', async () => {
    const id = randomUUID();
    await create(id);
    await publish();
    const complete = await store.find(id);
    await newDatabase();
    const guard = newGuard();
    expect(await refusal(guard)).toMatchObject({ code: 'behind-the-log' });

    await store.restore([{ id, version: 1, state: complete?.state as Item, hash: complete?.hash ?? '' }]);

    expect(await refusal(guard)).toBeUndefined();
  });

  it.each(['published', 'pending'])(
    'detects a second history of an aggregate whose newest event is %s',
    async (how) => {
      const id = randomUUID();
      await create(id);
      await publish();
      const backup = await store.find(id);
      await change(id, 'one history');
      await publish();
      await newDatabase();
      await store.restore([{ id, version: 1, state: backup?.state as Item, hash: backup?.hash ?? '' }]);
      await change(id, 'another history');
      if (how === 'pending') await change(id, 'that goes on');
      else await store.trim(new Map([[id, 2]]));

      const refused = await refusal(newGuard());

      expect(refused?.code).toBe('forked-from-the-log');
      expect(refused?.detail).toContain(id);
      expect(refused?.detail).toContain('verify --module items');
    },
  );

  it.each([
    ['cannot be read', { id: UNREADABLE }],
    ['has content that does not match its hash', {}],
  ])('ignores a record that %s', async (_, altered) => {
    const id = randomUUID();
    await create(id);
    const pending = (await findWithPending(store, id))?.pending ?? [];
    await publish();
    const event = { ...(JSON.parse(pending[0]?.json ?? '') as object), sequence: '99', ...altered };
    const published = 'id' in altered ? { ...event, hash: hashOf(event) } : event;
    await log.publish(itemEvents.topic, [toEventRecord(id, JSON.stringify(published))]);

    expect(await refusal(newGuard())).toBeUndefined();
  });

  it('refuses commands while the log has two histories of an aggregate, but still publishes', async () => {
    const id = randomUUID();
    const entry = { type: 't', time: '2026-01-01T00:00:00.000Z', changed: [], partition: 0, offset: 0 };
    await history.append([
      { id, version: 2, eventId: 'one', hash: 'one', ...entry },
      { id, version: 2, eventId: 'other', hash: 'other', ...entry },
    ]);
    const guard = newGuard();

    const refused = await refusal(guard);

    expect(refused?.code).toBe('forked-from-the-log');
    expect(refused?.detail).toContain(`1 aggregate, such as ${id} from version 2 on`);
    expect(refused?.detail).toContain('replay --module items --keep log|database');
    expect(guard.disagreement).toBe('forked-from-the-log');
    expect(() => guard.refusePublishing()).not.toThrow();

    const extensions = { resolves: 'other' };
    await history.append([{ id, version: 3, eventId: 'end', hash: 'end', extensions, ...entry }]);

    expect(await refusal(guard)).toBeUndefined();
    expect(guard.disagreement).toBeUndefined();
  });

  it('refuses commands when the log is empty and the database is not', async () => {
    await create(randomUUID());
    await publish();
    await log.close();
    log = new EmbeddedBus(await openEmbeddedDatabase('memory'), silentLogger);
    const guard = newGuard();

    const refused = await refusal(guard);

    expect(refused).toMatchObject({ code: 'ahead-of-the-log', detail: expect.stringContaining('run republish') });
    expect(await guard.missingTopics()).toEqual([itemEvents.topic]);
  });

  it('refuses commands when the log ends before the read positions, and says by how much', async () => {
    await create(randomUUID());
    await publish();
    const [extent] = (await log.extents(itemEvents.topic)).filter(({ end }) => end > 0);
    const position = { topic: itemEvents.topic, partition: extent?.partition ?? 0, next: 41, last: '' };
    await positions.advance(GROUP, [{ position, from: undefined }]);

    expect(await refusal(newGuard())).toMatchObject({
      code: 'ahead-of-the-log',
      detail: expect.stringContaining('lacks at least 40 records'),
    });
  });

  it('compares again after a suspicion that is raised during a comparison', async () => {
    await create(randomUUID());
    await publish();
    let reads = 0;
    const guard: LogGuard = newGuard({
      extents: log.extents.bind(log),
      read: (...args) => {
        reads += 1;
        if (reads === 1) guard.suspect();
        return log.read(...args);
      },
    });
    for (let checks = 0; checks < 3; checks += 1) await guard.check();
    expect(reads).toBe(2);
  });

  it('ignores a comparison that ends after a later one', async () => {
    await create(randomUUID());
    await publish();
    let [calls, answerFirst] = [0, (): void => undefined];
    const held = new Promise<void>((resolve) => (answerFirst = resolve));
    const forkedVersions = history.forkedVersions.bind(history);
    history.forkedVersions = async () => {
      calls += 1;
      if (calls === 1) await held;
      return forkedVersions();
    };
    const guard = newGuard();
    const earlier = guard.check();
    await eventually(() => expect(calls).toBe(1));
    const position = { topic: itemEvents.topic, partition: 0, next: 41, last: '' };
    await positions.advance(GROUP, [{ position, from: undefined }]);
    await guard.check();
    answerFirst();
    await earlier;
    expect(guard.disagreement).toBe('ahead-of-the-log');
  });

  it('keeps its last result while the log does not answer', async () => {
    let isAway = false;
    const bus = {
      extents: (topic: string) => (isAway ? Promise.reject(new Error('away')) : log.extents(topic)),
      read: log.read.bind(log),
    };
    const guard = newGuard(bus);
    expect(await refusal(guard)).toBeUndefined();
    isAway = true;
    expect(await refusal(guard)).toBeUndefined();

    const id = randomUUID();
    await create(id);
    await publish();
    await newDatabase();
    isAway = false;
    const another = newGuard(bus);
    expect(await refusal(another)).toMatchObject({ code: 'behind-the-log' });
    isAway = true;
    expect(await refusal(another)).toMatchObject({ code: 'behind-the-log' });
  });

  it('is down but refuses nothing until the log answers for the first time', async () => {
    const guard = newGuard({ extents: () => Promise.reject(new Error('away')), read: log.read.bind(log) });
    await guard.check();

    expect(await guard.dependency().check()).toMatchObject({
      up: false,
      detail: expect.stringContaining('not been compared'),
    });
    expect(guard.dependency().required()).toBe(false);
    expect(() => store.admit()).not.toThrow();
  });
});
