import { randomInt, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Db, Document } from 'mongodb';
import { eventually } from '../testing/eventually.js';
import { changed, created, type Item, itemEvents, type ItemChange } from '../testing/items.js';
import { driverOf, type MongoTestDatabase, mongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import { type Aggregates, VersionConflict } from '../aggregate/aggregates.js';
import { type Rebuild, RebuildOvertaken } from '../rebuilding/rebuild.js';
import type { AggregateDocument } from './aggregate-documents.js';
import { MongoAggregates } from './aggregates.js';
import type { MongoDatabase } from './database.js';
import { fenceIn, liftFence } from './fence.js';
import { MongoProjection, type ProjectionDocument } from './projection.js';
import { beginRebuild } from './rebuild.js';

const NAMES = ['items', 'copies'] as const;
const SHORT = 200;

describeWithRealServers('a rebuild in MongoDB', () => {
  let test: MongoTestDatabase;
  let database: MongoDatabase;
  let db: Db;

  beforeEach(async () => {
    test = mongoTestDatabase();
    database = await test.open();
    db = driverOf(database);
  });

  afterEach(() => test.drop());

  const itemsOf = (of: MongoDatabase): MongoAggregates<Item, ItemChange> =>
    new MongoAggregates(of.db.collection('items'), itemEvents);
  const copiesOf = (of: MongoDatabase): MongoProjection<string> => new MongoProjection(of.db.collection('copies'));
  const copy = (state: string, version = 1) => ({ id: 'a', version, state });
  const beginShort = (over = db): Promise<Rebuild<MongoDatabase>> =>
    beginRebuild(over, NAMES, (suffix) => database.beside(suffix), SHORT);
  const names = async () => (await db.listCollections().toArray()).map(({ name }) => name).sort();

  /** Copies the live collections to the new ones. */
  async function fill(rebuild: Rebuild<MongoDatabase>): Promise<void> {
    for (const name of NAMES) {
      const documents = await db.collection(name).find().toArray();
      if (documents.length > 0) await rebuild.database.db.collection(name).insertMany(documents);
    }
  }

  it('replaces the live collections by the new ones, with their indexes', async () => {
    await itemsOf(database).save(undefined, created('old'));
    await copiesOf(database).apply([copy('old')]);
    const rebuild = await database.beginRebuild(NAMES);
    const items = itemsOf(rebuild.database);
    await items.prepare();
    await items.save(undefined, created('new'));
    await copiesOf(rebuild.database).apply([copy('new')]);
    expect(await itemsOf(database).find('new')).toBeUndefined();

    await rebuild.fence();
    await rebuild.swap();
    await rebuild.discard();

    expect(await itemsOf(database).find('old')).toBeUndefined();
    expect((await itemsOf(database).find('new'))?.state.version).toBe(1);
    expect(await copiesOf(database).find('a')).toEqual(copy('new'));
    expect(await db.collection('items').indexExists('pending.time_1')).toBe(true);
    expect(await names()).toEqual(['copies', 'items']);
    await itemsOf(database).save(undefined, created('old'));
  });

  it('creates missing collections, and blocks writes to them meanwhile', async () => {
    const rebuild = await database.beginRebuild(NAMES);
    await rebuild.fence();
    const saving = itemsOf(database).save(undefined, created('b'));
    const applying = copiesOf(database).apply([copy('newer', 2)]);
    await itemsOf(rebuild.database).save(undefined, created('a'));
    await rebuild.swap();

    await Promise.all([saving, applying]);
    expect(await db.collection('items').distinct('_id')).toEqual(['a', 'b']);
    expect(await copiesOf(database).find('a')).toEqual(copy('newer', 2));
  });

  it('can be discarded, and leaves nothing behind', async () => {
    await itemsOf(database).save(undefined, created('a'));
    const rebuild = await database.beginRebuild(NAMES);
    await rebuild.fence();
    const saving = itemsOf(database).save(undefined, created('b'));
    await rebuild.discard();

    await saving;
    expect(await db.collection('items').distinct('_id')).toEqual(['a', 'b']);
    expect((await names()).filter((name) => name.includes('rebuild'))).toEqual([]);
    await expect(rebuild.swap()).rejects.toThrow(RebuildOvertaken);
    expect(await db.collection('items').distinct('_id')).toEqual(['a', 'b']);
  });

  it('continues a swap whose answer was lost', async () => {
    await copiesOf(database).apply([copy('old')]);
    let isLost = false;
    const losing = new Proxy(db, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (name !== 'renameCollection' || isLost) return member;
        return async (...renaming: Parameters<Db['renameCollection']>) => {
          isLost = true;
          await target.renameCollection(...renaming);
          throw Object.assign(new Error('the connection is gone'), { name: 'MongoNetworkError' });
        };
      },
    });
    const rebuild = await beginShort(losing);
    await copiesOf(rebuild.database).apply([copy('new')]);
    await rebuild.fence();
    await expect(rebuild.swap()).rejects.toMatchObject({ kind: 'unavailable' });

    await rebuild.swap();
    await rebuild.swap();

    expect(await copiesOf(database).find('a')).toEqual(copy('new'));
    expect(await names()).toEqual(['copies', 'items']);
  });

  describe('that is overtaken', () => {
    const overtaken = async (rebuild: Rebuild<MongoDatabase>): Promise<void> => {
      await expect(rebuild.swap()).rejects.toMatchObject({ name: 'rebuild-overtaken', swapped: [] });
      await rebuild.discard();
      expect((await itemsOf(database).find('live'))?.state.id).toBe('live');
    };

    beforeEach(() => itemsOf(database).save(undefined, created('live')));

    it('because it was killed, lets writers continue after its write fence has expired', async () => {
      const killed = await beginShort();
      await fill(killed);
      await killed.fence();
      const until = fenceIn((await db.collection('items').options()).validator as Document)?.until as Date;
      const store = itemsOf(await test.open());

      await Promise.all(['a', 'b'].map((id) => store.save(undefined, created(id))));

      expect(Date.now()).toBeGreaterThanOrEqual(until.getTime());
      expect(await db.collection('items').distinct('_id')).toEqual(['a', 'b', 'live']);
      // No write to the other collection has happened yet.
      expect((await names()).filter((name) => name.startsWith('items'))).toEqual(['items']);
      await overtaken(killed);
    });

    it('because it was paused beyond its write fence, replaces nothing', async () => {
      const paused = await beginShort();
      await paused.fence();
      await fill(paused);
      await itemsOf(database).save(undefined, created('after the fence'));

      await overtaken(paused);
      expect(await itemsOf(database).find('after the fence')).toBeDefined();
    });

    it('by a writer that has dropped its shadows but not lifted its write fence yet, replaces nothing', async () => {
      const paused = await database.beginRebuild(NAMES);
      await paused.fence();
      const isShadow = (name: string): boolean => name.includes('.rebuild-');
      for (const name of (await names()).filter(isShadow)) await db.dropCollection(name);
      await itemsOf(paused.database).save(undefined, created('a'));
      await copiesOf(paused.database).apply([copy('a')]);

      await overtaken(paused);
      expect(await names()).toEqual(['copies', 'items']);
    });

    it('by a newer one, does not disturb that one', async () => {
      const older = await database.beginRebuild(NAMES);
      await older.fence();
      const newer = await database.beginRebuild(NAMES);
      await itemsOf(newer.database).save(undefined, created('new'));
      await expect(older.fence()).rejects.toThrow(RebuildOvertaken);
      await newer.fence();

      await overtaken(older);
      await newer.swap();

      expect(await db.collection('items').distinct('_id')).toEqual(['new']);
    });

    it('by another write fence over its own, replaces nothing', async () => {
      const rebuild = await database.beginRebuild(NAMES);
      await rebuild.fence();
      await db.command({ collMod: 'items', validator: { fence: { $eq: { shadow: 'other', until: new Date() } } } });

      await overtaken(rebuild);
    });

    it('by a late writer that lifted its fence instead of an earlier one, replaces nothing', async () => {
      const rebuild = await database.beginRebuild(NAMES);
      await rebuild.fence();
      await liftFence(db, 'copies');

      await overtaken(rebuild);
    });

    it('between two collections, names the replaced ones', async () => {
      const slow = new Proxy(db, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name, target);
          if (name !== 'renameCollection') return member;
          return async (from: string, to: string, options: object) => {
            if (to === 'copies') await database.beginRebuild(NAMES);
            return target.renameCollection(from, to, options);
          };
        },
      });
      const rebuild = await beginShort(slow);
      await rebuild.fence();

      const swap = rebuild.swap();

      await expect(swap).rejects.toMatchObject({ name: 'rebuild-overtaken', swapped: ['items'] });
      await expect(swap).rejects.toThrow('already replaced: items; the other live collections are unchanged');
    });
  });

  it('does not lose, repeat or wrongly refuse a save of concurrent writers', async () => {
    const [ROUNDS, WRITERS, SHARED] = [50, 16, 5];
    const stores = await Promise.all([test.open(), test.open()].map(async (opening) => itemsOf(await opening)));
    const copies = copiesOf(await test.open());
    let round = 0;
    const acknowledged: { id: string; version: number; name: string }[] = [];
    const conflicts: { id: string; version: number; name: string }[] = [];
    const over = new AbortController();

    /** Changes its own item and a shared item alternately. */
    async function write(store: Aggregates<Item, ItemChange>): Promise<void> {
      let own = randomUUID();
      for (let count = 1; !over.signal.aborted; count += 1) {
        if (count % 20 === 0) own = randomUUID();
        const id = count % 2 === 0 ? own : `shared ${round} ${randomInt(SHARED)}`;
        const before = await store.find(id);
        const name = randomUUID();
        const first = created(id);
        const saving = before ? changed(before.state, name) : { ...first, state: { ...first.state, name } };
        const { version } = saving.state;
        try {
          await store.save(before, saving);
          acknowledged.push({ id, version, name });
          await copies.apply([{ id, version, state: name }]);
        } catch (error) {
          if (!(error instanceof VersionConflict)) throw error;
          conflicts.push({ id, version, name });
        }
      }
    }
    const writers = Array.from({ length: WRITERS }, (_, index) => write(stores[index % 2]!));
    const rebuilding = (async () => {
      for (; round < ROUNDS; round += 1) {
        const rebuild = await database.beginRebuild(NAMES);
        await rebuild.fence();
        await fill(rebuild);
        await rebuild.swap();
        // Only every other round, so that leftovers of a finished rebuild are tested, too.
        if (round % 2 === 0) await rebuild.discard();
        const wanted = acknowledged.length + WRITERS;
        await eventually(() => expect(acknowledged.length).toBeGreaterThanOrEqual(wanted), { every: 2 });
      }
    })().finally(() => over.abort());
    await Promise.all([rebuilding, ...writers]);

    const stored = await db.collection<AggregateDocument<Item>>('items').find().toArray();
    const states = new Map(stored.map(({ _id, state }) => [_id, state]));
    const nameAt = new Map<string, string>();
    for (const { version, pending } of stored) {
      expect(pending.map((each) => each.version)).toEqual(Array.from({ length: version }, (_, index) => index + 1));
    }
    for (const { id, version, name } of acknowledged) {
      const key = `${id} ${version}`;
      expect(nameAt.has(key)).toBe(false);
      nameAt.set(key, name);
      expect(states.get(id)?.version).toBeGreaterThanOrEqual(version);
    }
    for (const { _id, version, state } of stored) expect(state.name).toBe(nameAt.get(`${_id} ${version}`));
    expect(acknowledged).toHaveLength(stored.reduce((sum, { version }) => sum + version, 0));
    // Each refused change lost to a saved one.
    for (const { id, version, name } of conflicts) {
      expect(id).toMatch(/^shared/);
      expect(nameAt.get(`${id} ${version}`)).toEqual(expect.not.stringContaining(name));
    }
    const copied = await db.collection<ProjectionDocument<string>>('copies').find().toArray();
    expect(new Map(copied.map(({ _id, version, state }) => [_id, [version, state]]))).toEqual(
      new Map(stored.map(({ _id, version, state }) => [_id, [version, state.name]])),
    );
  }, 120_000);
});
