import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { toEventRecord } from '../event/event-record.js';
import { hashOf } from '../event/hash-chain.js';
import { type Item, itemEvents } from '../testing/items.js';
import { GROUP, LogGuardWorld, UNREADABLE } from '../testing/log-guard-world.js';
import { findWithPending } from './stored-with-pending.js';

describe('A log guard', () => {
  let world: LogGuardWorld;

  beforeEach(async () => {
    world = await LogGuardWorld.open();
  });

  afterEach(() => world.close());

  it('accepts commands when both are empty, when both agree, and when the database has pending events', async () => {
    expect(await world.refusal(world.newGuard())).toBeUndefined();
    const id = randomUUID();
    await world.create(id);
    expect(await world.refusal(world.newGuard())).toBeUndefined();
    await world.publish();
    expect(await world.refusal(world.newGuard())).toBeUndefined();
    await world.change(id, 'pending');
    expect(await world.refusal(world.newGuard())).toBeUndefined();
  });

  it('refuses commands, and names the remedy, when the database lacks logged events', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    await world.create(one);
    await world.create(other);
    await world.publish();
    const backup = await world.store.find(one);
    await world.change(one, 'lost');
    await world.publish();
    await world.newDatabase();
    await world.store.restore([{ id: one, version: 1, state: backup?.state as Item, hash: backup?.hash ?? '' }]);

    const guard = world.newGuard();
    const refused = await world.refusal(guard);

    expect(refused?.code).toBe('behind-the-log');
    expect(() => guard.refusePublishing()).toThrow(refused?.detail);
    expect(refused?.detail).toContain('2 of the most recently changed aggregates');
    expect(refused?.detail).toContain('run replay --module items');
  });

  it('accepts commands again once the database has the missing events', async () => {
    const id = randomUUID();
    await world.create(id);
    await world.publish();
    const complete = await world.store.find(id);
    await world.newDatabase();
    const guard = world.newGuard();
    expect(await world.refusal(guard)).toMatchObject({ code: 'behind-the-log' });

    await world.store.restore([{ id, version: 1, state: complete?.state as Item, hash: complete?.hash ?? '' }]);

    expect(await world.refusal(guard)).toBeUndefined();
  });

  it.each(['published', 'pending'])(
    'detects a second history of an aggregate whose newest event is %s',
    async (how) => {
      const id = randomUUID();
      await world.create(id);
      await world.publish();
      const backup = await world.store.find(id);
      await world.change(id, 'one history');
      await world.publish();
      await world.newDatabase();
      await world.store.restore([{ id, version: 1, state: backup?.state as Item, hash: backup?.hash ?? '' }]);
      await world.change(id, 'another history');
      if (how === 'pending') await world.change(id, 'that goes on');
      else await world.store.trim(new Map([[id, 2]]));

      const refused = await world.refusal(world.newGuard());

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
    await world.create(id);
    const pending = (await findWithPending(world.store, id))?.pending ?? [];
    await world.publish();
    const event = { ...(JSON.parse(pending[0]?.json ?? '') as object), sequence: '99', ...altered };
    const published = 'id' in altered ? { ...event, hash: hashOf(event) } : event;
    await world.log.publish(itemEvents.topic, [toEventRecord(id, JSON.stringify(published))]);

    expect(await world.refusal(world.newGuard())).toBeUndefined();
  });

  it('refuses commands while the log has two histories of an aggregate, but still publishes', async () => {
    const id = randomUUID();
    const entry = { type: 't', time: '2026-01-01T00:00:00.000Z', changed: [], partition: 0, offset: 0 };
    await world.history.append([
      { id, version: 2, eventId: 'one', hash: 'one', ...entry },
      { id, version: 2, eventId: 'other', hash: 'other', ...entry },
    ]);
    const guard = world.newGuard();

    const refused = await world.refusal(guard);

    expect(refused?.code).toBe('forked-from-the-log');
    expect(refused?.detail).toContain(`1 aggregate, such as ${id} from version 2 on`);
    expect(refused?.detail).toContain('replay --module items --keep log|database');
    expect(guard.disagreement).toBe('forked-from-the-log');
    expect(() => guard.refusePublishing()).not.toThrow();

    const extensions = { resolves: 'other' };
    await world.history.append([{ id, version: 3, eventId: 'end', hash: 'end', extensions, ...entry }]);

    expect(await world.refusal(guard)).toBeUndefined();
    expect(guard.disagreement).toBeUndefined();
  });

  it('refuses commands when the log is empty and the database is not', async () => {
    await world.create(randomUUID());
    await world.publish();
    await world.newLog();
    const guard = world.newGuard();

    const refused = await world.refusal(guard);

    expect(refused).toMatchObject({ code: 'ahead-of-the-log', detail: expect.stringContaining('run republish') });
    expect(await guard.missingTopics()).toEqual([itemEvents.topic]);
  });

  it('refuses commands when the log ends before the read positions, and says by how much', async () => {
    await world.create(randomUUID());
    await world.publish();
    const [extent] = (await world.log.extents(itemEvents.topic)).filter(({ end }) => end > 0);
    const position = { topic: itemEvents.topic, partition: extent?.partition ?? 0, next: 41, last: '' };
    await world.positions.advance(GROUP, [{ position, from: undefined }]);

    expect(await world.refusal(world.newGuard())).toMatchObject({
      code: 'ahead-of-the-log',
      detail: expect.stringContaining('lacks at least 40 records'),
    });
  });
});
