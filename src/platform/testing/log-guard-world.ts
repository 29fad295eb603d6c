import { expect } from '@jest/globals';
import { PositionKeeper } from '../consuming/position-keeper.js';
import { EmbeddedAggregates } from '../embedded/aggregates.js';
import { EmbeddedBus } from '../embedded/bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedHistory } from '../embedded/history.js';
import { EmbeddedPositions } from '../embedded/positions.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import { Relay } from '../outbox/relay.js';
import { LogGuard } from '../rebuilding/log-guard.js';
import { eventually } from './eventually.js';
import { changed, created, type Item, type ItemChange, itemEvents } from './items.js';
import { silentLogger } from './silent-logger.js';

/** The consumer group of the guarded context. */
export const GROUP = 'items';
/** Id of an event that the context cannot read. */
export const UNREADABLE = 'unreadable';

/** A log and a database in memory, either of which can be lost, and guards that compare them. */
export class LogGuardWorld {
  store!: EmbeddedAggregates<Item, ItemChange>;
  positions!: EmbeddedPositions;
  history!: EmbeddedHistory<Item>;
  private readonly databases: EmbeddedDatabase[] = [];

  private constructor(public log: EmbeddedBus) {}

  static async open(): Promise<LogGuardWorld> {
    const world = new LogGuardWorld(await newBus());
    await world.newDatabase();
    return world;
  }

  async newLog(): Promise<void> {
    await this.log.close();
    this.log = await newBus();
  }

  async newDatabase(): Promise<void> {
    const database = await openEmbeddedDatabase('memory');
    this.databases.push(database);
    this.store = new EmbeddedAggregates<Item, ItemChange>(database.level, 'items', itemEvents);
    this.positions = new EmbeddedPositions(database.level);
    this.history = new EmbeddedHistory<Item>(database.level, 'history');
  }

  newGuard(bus: Pick<EmbeddedBus, 'extents' | 'read'> = this.log): LogGuard {
    const ownTopics = new Set([itemEvents.topic]);
    const keeper = new PositionKeeper({
      group: GROUP,
      positions: this.positions,
      ownTopics,
      logger: silentLogger,
      onRestoration: () => undefined,
    });
    return new LogGuard({
      module: 'items',
      bus,
      stores: [this.store],
      histories: [{ topic: itemEvents.topic, history: this.history }],
      keeper,
      projections: [
        {
          topic: itemEvents.topic,
          read: (event) => {
            if (event.id === UNREADABLE) throw new UnreadableRecord('of no known version');
            return event;
          },
        },
      ],
      copied: [],
      logger: silentLogger,
    });
  }

  async create(id: string): Promise<void> {
    await this.store.save(undefined, created(id));
  }

  async change(id: string, name: string): Promise<void> {
    const stored = await this.store.find(id);
    if (!stored) throw new Error('there is no such item');
    await this.store.save(stored, changed(stored.state, name));
  }

  /** Publishes everything that is pending. */
  async publish(): Promise<void> {
    const relay = new Relay(this.store, this.log, silentLogger, { sweepAfter: 0 });
    relay.start();
    await eventually(async () => expect(await this.store.backlog()).toMatchObject({ events: 0 }));
    await relay.stop(1_000);
  }

  /** Why a command is refused after a comparison; undefined if it is accepted. */
  async refusal(guard: LogGuard): Promise<{ code: string; detail: string | undefined } | undefined> {
    await guard.check();
    const { up, detail } = await guard.dependency().check();
    if (up) {
      this.store.admit();
      return undefined;
    }
    expect(guard.dependency().required()).toBe(true);
    expect(() => this.store.admit()).toThrow(detail ?? 'it says nothing');
    try {
      this.store.admit();
    } catch (error) {
      return { code: (error as { code: string }).code, detail };
    }
    throw new Error('it refuses nothing');
  }

  async close(): Promise<void> {
    await this.log.close();
    await Promise.all(this.databases.map((database) => database.close()));
  }
}

async function newBus(): Promise<EmbeddedBus> {
  return new EmbeddedBus(await openEmbeddedDatabase('memory'), silentLogger);
}
