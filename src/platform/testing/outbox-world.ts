import { expect } from '@jest/globals';
import { EmbeddedAggregates } from '../embedded/aggregates.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/database.js';
import { Relay, type RelaySettings } from '../outbox/relay.js';
import { eventually } from './eventually.js';
import { pendingOf } from './item-stores.js';
import { type Item, type ItemChange, itemEvents } from './items.js';
import { FlakyLog, type Instance, instancesOn, type PublishOutcome } from './relay-world.js';
import { silentLogger } from './silent-logger.js';

/** The sweeper stays away but for its first sweep. */
export const FAST_PATH: Partial<RelaySettings> = { sweepEvery: 1_000_000 };
/** The sweeper takes all it finds, again and again. */
export const SWEEPING: Partial<RelaySettings> = { sweepEvery: 1, sweepAfter: 0 };

/** An outbox in memory, and relays that publish it to a log that fails on demand. */
export class OutboxWorld {
  readonly log = new FlakyLog();
  readonly store: EmbeddedAggregates<Item, ItemChange>;
  /** The process that commits and publishes, unless a test has several. */
  readonly instance: Instance;
  private readonly relays: Relay[] = [];
  /** The number of events of each acknowledged publish. */
  readonly published: number[] = [];
  /** Number of failed attempts that were reported. */
  failedPublishes = 0;

  private constructor(private readonly database: EmbeddedDatabase) {
    this.store = new EmbeddedAggregates<Item, ItemChange>(database.level, 'items', itemEvents);
    this.instance = instancesOn(this.store, 1)[0]!;
  }

  static async open(): Promise<OutboxWorld> {
    return new OutboxWorld(await openEmbeddedDatabase('memory'));
  }

  start(
    settings: Partial<RelaySettings>,
    outcomes?: () => PublishOutcome | Promise<PublishOutcome>,
    of = this.instance,
  ): Relay {
    const relay = new Relay(of, this.log.bus(outcomes), silentLogger, settings, undefined, {
      onPublished: (_topic, events) => this.published.push(events.length),
      onPublishFailed: () => (this.failedPublishes += 1),
    });
    this.relays.push(relay);
    relay.start();
    return relay;
  }

  async commit(id: string, times: number): Promise<void> {
    for (let each = 0; each < times; each += 1) await this.instance.commit(id);
  }

  async pendingVersions(id: string): Promise<number[]> {
    return (await pendingOf(this.store, id)).map(({ version }) => version);
  }

  /** Resolves when everything is published and trimmed. */
  async trimmed(): Promise<void> {
    await eventually(async () => expect(await this.store.backlog()).toEqual({ events: 0 }));
  }

  async close(): Promise<void> {
    await Promise.all(this.relays.map((relay) => relay.stop(0)));
    await this.database.close();
  }
}
