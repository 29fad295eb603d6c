import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Unpublished } from '../aggregate/aggregates.js';
import type { Bus, BusRecord, LogReader } from '../log/bus.js';
import type { Database } from '../context/database.js';
import { openEmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedLinks } from '../embedded/links.js';
import { toEventRecord } from '../event/event-record.js';
import { LogProjector } from '../rebuilding/projector.js';
import type { Conflict } from '../rebuilding/conflicts.js';
import type { Replayable } from '../rebuilding/replayable.js';
import type { TakeoverOptions } from '../rebuilding/takeover.js';
import { fill, newestStates, type Replayed, takeOver } from '../rebuilding/replay.js';
import { republish, type Republished } from '../rebuilding/republish.js';
import { verify } from '../rebuilding/verify.js';
import { eventually } from './eventually.js';
import { changed, created, type Item } from './items.js';
import { findWithPending, type StoredWithPending } from '../rebuilding/stored-with-pending.js';
import { type Rebuilt, rebuildInto, type ReplayScope } from './rebuild-into.js';
import { type Shop, shopCalled } from './shop.js';

/** A log and a database with nothing in them. */
export interface ShopFixture {
  readonly bus: Bus;
  /** Opens the database as a new process does. */
  reopen(): Promise<Database>;
  /** Deletes these topics with all their records. */
  loseTopics(topics: readonly string[]): Promise<void>;
  dispose(): Promise<void>;
}

/** What happens in the course of a replay. */
export interface ReplayEvents {
  /** The new collections are filled. @param handOver lets the reader hand over what was published since */
  onFilled?(handOver: () => Promise<void>, target: Replayable): Promise<void>;
  /** A topic is going to be read for a second time. */
  onReadAgain?(handOver: () => Promise<void>): Promise<void>;
  /** Writes to the live collections are blocked. */
  onFence?(target: Replayable): Promise<void>;
}

/** A shop on a log and a database, and the failures of both. */
export class ShopWorld {
  readonly context: Shop = shopCalled(`shop-${randomUUID()}`);
  database!: Database;
  shop!: ReturnType<Shop['stores']>;

  private constructor(readonly fixture: ShopFixture) {}

  static async open(openFixture: () => Promise<ShopFixture>): Promise<ShopWorld> {
    const world = new ShopWorld(await openFixture());
    await world.reopen();
    await world.fixture.bus.createTopics(world.topics);
    return world;
  }

  get topics(): string[] {
    return Object.values(this.context.streams).map(({ topic }) => topic);
  }

  /** All records of a topic. */
  async records(topic: string): Promise<BusRecord[]> {
    const records: BusRecord[] = [];
    const reader = await this.fixture.bus.read([topic], (more) => Promise.resolve(void records.push(...more)));
    await reader.caughtUp();
    await reader.stop();
    return records;
  }

  async republish(isRehearsal = false): Promise<Republished & { forks: string[] }> {
    if (!isRehearsal) await this.fixture.bus.createTopics(this.topics);
    const scratch = await openEmbeddedDatabase('memory');
    const forks: string[] = [];
    try {
      const sum = await republish({
        bus: this.fixture.bus,
        live: this.context.open(this.database).replayable,
        links: new EmbeddedLinks(scratch.level),
        signal: new AbortController().signal,
        isRehearsal,
        read: (projector) => projector.caughtUp(),
        onFork: ({ id }) => forks.push(id),
      });
      return { ...sum, forks };
    } finally {
      await scratch.close();
    }
  }

  async reopen(): Promise<void> {
    this.database = await this.fixture.reopen();
    this.shop = this.context.stores(this.database);
  }

  /** Publishes all pending events, as the relay does. */
  async publishAll(): Promise<void> {
    for (const store of [this.shop.items, this.shop.parts]) {
      const waiting: Unpublished[] = [];
      for await (const unpublished of store.unpublished()) waiting.push(unpublished);
      const records = waiting.flatMap(({ id, pending }) => pending.map(({ json }) => toEventRecord(id, json)));
      if (records.length > 0) await this.fixture.bus.publish(store.topic, records);
      await store.trim(new Map(waiting.map(({ id, pending }) => [id, pending.at(-1)!.version])));
      await eventually(async () => expect(await store.backlog()).toMatchObject({ events: 0 }));
    }
  }

  /** @param during what happens in the course of it */
  async replay(
    options: Partial<TakeoverOptions> = {},
    during: ReplayEvents = {},
    { only, window }: ReplayScope = {},
  ): Promise<Replayed> {
    const rebuilt = (database: Database) => {
      const open = this.context.open(database);
      return only ? open.replayableOnly(only) : open.replayable;
    };
    const { collections } = rebuilt(this.database);
    const live = { ...this.context.open(this.database).replayable, collections };
    const shadows = await this.database.beginRebuild(live.collections.map(({ collection }) => collection));
    const target = rebuilt(shadows.database as Database);
    const scratch = await openEmbeddedDatabase('memory');
    const links = new EmbeddedLinks(scratch.level);
    const readers: LogReader[] = [];
    const handOver = () => (readers[0] as LogReader).caughtUp();
    const read: Bus['read'] = async (...args) => {
      if (readers.length > 0) await during.onReadAgain?.(handOver);
      const reader = await this.fixture.bus.read(...args);
      readers.push(reader);
      return reader;
    };
    const bus = Object.create(this.fixture.bus, { read: { value: read } }) as Bus;
    const signal = new AbortController().signal;
    const { observe, newestOnly } = newestStates(links, target);
    const projector = await LogProjector.start(bus, target, {
      ...{ signal, observe },
      newestOnly: { ...newestOnly, ...(window !== undefined && { window }) },
    });
    const fence = () => shadows.fence().then(() => during.onFence?.(target));
    const rebuild = Object.create(shadows, { fence: { value: fence } }) as typeof shadows;
    try {
      await fill(target, projector);
      await during.onFilled?.(handOver, target);
      return await takeOver(live, target, projector, rebuild, { links, ...options });
    } finally {
      await projector.stop();
      await shadows.discard();
      await scratch.close();
      await this.reopen();
    }
  }

  /**
   * Rebuilds collections without swapping them in, and returns their documents and the links of the log.
   * @param scope undefined: applies every event, one after the other, in order
   * @param meanwhile runs when the reader has begun
   */
  async rebuilt(scope?: ReplayScope, meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<Rebuilt> {
    const names = this.context.open(this.database).replayable.collections.map(({ collection }) => collection);
    const shadows = await this.database.beginRebuild(names);
    const open = () => {
      const opened = this.context.open(shadows.database as Database);
      return scope?.only ? opened.replayableOnly(scope.only, scope.limits) : opened.replayable;
    };
    try {
      return await rebuildInto(open, this.fixture.bus, scope, meanwhile);
    } finally {
      await shadows.discard();
    }
  }

  /** Runs `verify` and returns all findings. */
  async findings(): Promise<string[]> {
    const found: string[] = [];
    const scratch = await openEmbeddedDatabase('memory');
    await verify({
      bus: this.fixture.bus,
      live: this.context.open(this.database).replayable,
      expected: this.context.open(scratch).replayable,
      links: new EmbeddedLinks(scratch.level),
      signal: new AbortController().signal,
      lagToleranceMs: 0,
      onFault: ({ where, what }) => found.push(`${where}: ${what}`),
      onRefused: ({ reason }) => found.push(reason),
      onConflict: ({ id, kind: standing }) => found.push(`${id} ${standing}`),
      onDifference: ({ collection, key, fields }) => void found.push(`${collection} ${key} ${fields.join(' ')}`),
    });
    await scratch.close();
    return found;
  }

  /** Applies the log to the live collections. */
  async project(): Promise<void> {
    const projector = await LogProjector.start(this.fixture.bus, this.context.open(this.database).replayable, {
      signal: new AbortController().signal,
    });
    await projector.caughtUp();
    await projector.stop();
  }

  async save(id: string, names: readonly string[], store = this.shop.items): Promise<StoredWithPending<Item>> {
    for (const name of names) {
      const before = await store.find(id);
      await store.save(before, before ? changed(before.state, name) : created(id));
    }
    return (await findWithPending(store, id))!;
  }

  /** Publishes further versions from another database: as if this one was restored from an older backup. */
  async publishElsewhere(id: string, names: readonly string[]): Promise<StoredWithPending<Item>> {
    const elsewhere = await openEmbeddedDatabase('memory');
    const { items } = this.context.stores(elsewhere);
    const { state, hash } = (await this.shop.items.find(id))!;
    await items.restore([{ id, version: state.version, state, ...(hash !== undefined && { hash }) }]);
    const newest = await this.save(id, names, items);
    await this.fixture.bus.publish(
      items.topic,
      newest.pending.map(({ json }) => toEventRecord(id, json)),
    );
    await elsewhere.close();
    return newest;
  }

  /** Trims the outbox without publishing: as if the log was restored from an older backup. */
  async lose(id: string): Promise<void> {
    const { state } = (await this.shop.items.find(id))!;
    await this.shop.items.trim(new Map([[id, state.version]]));
    await eventually(async () => expect((await findWithPending(this.shop.items, id))!.pending).toEqual([]));
  }

  async refusal(options?: Partial<TakeoverOptions>): Promise<readonly Conflict[]> {
    const told: Conflict[] = [];
    const before = await Promise.all(['a', 'b'].map((id) => this.shop.items.find(id)));
    const replaying = this.replay({ ...options, onConflict: (conflict) => told.push(conflict) });
    await expect(replaying).rejects.toMatchObject({ code: 'would-lose-changes' });
    expect(await Promise.all(['a', 'b'].map((id) => this.shop.items.find(id)))).toEqual(before);
    return told;
  }

  close(): Promise<void> {
    return this.fixture.dispose();
  }
}
