import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Backlog, Outbox, Stored, Unpublished } from '../../src/platform/aggregate/aggregates.js';
import type { Bus, BusRecord, Consumption } from '../../src/platform/bus/bus.js';
import type { EmbeddedAggregates } from '../../src/platform/embedded/embedded-aggregates.js';
import type { CloudEvent } from '../../src/platform/event/cloud-event.js';
import { changed, created, type Item, type ItemEvent } from './items.js';

/** How a publish ends: `half` and `after` are failures that leave records in the log. */
export type Outcome = 'ok' | 'before' | 'half' | 'after';

/** A log in memory, written through buses that fail as they are told. */
export class FlakyLog {
  readonly records: BusRecord[] = [];
  readonly sizes: number[] = [];
  readonly failures: Outcome[] = [];

  get events(): CloudEvent[] {
    return this.records.map(({ value }) => JSON.parse(String(value)) as CloudEvent);
  }

  /** Versions of an aggregate in the order of their first appearance. */
  firstAppearances(id: string): number[] {
    const versions = this.events.filter(({ subject }) => subject === id).map(({ sequence }) => Number(sequence));
    return [...new Set(versions)];
  }

  /** A bus whose publishes end as `next` says, call by call. */
  bus(next: () => Outcome | Promise<Outcome> = () => 'ok'): Bus {
    return {
      createTopics: () => Promise.resolve(),
      describeTopics: () => Promise.resolve([]),
      countPartitions: () => Promise.resolve(new Map()),
      countRecords: () => Promise.resolve(new Map()),
      extents: () => Promise.resolve([]),
      countUnread: () => Promise.resolve(0),
      read: () => Promise.reject(new Error('nobody reads here')),
      consume: () => Promise.reject<Consumption>(new Error('nobody consumes here')),
      check: () => Promise.resolve({ up: true }),
      close: () => Promise.resolve(),
      publish: async (_topic, records) => {
        const outcome = await next();
        const arrived = { ok: records.length, before: 0, half: Math.ceil(records.length / 2), after: records.length };
        this.sizes.push(records.length);
        // In order, but beside those of others.
        for (const record of records.slice(0, arrived[outcome])) {
          this.records.push(record);
          if (this.records.length % 3 === 0) await nextTurn();
        }
        if (outcome === 'ok') return;
        this.failures.push(outcome);
        throw new Error(`the bus failed: ${outcome}`);
      },
    };
  }
}

/** One process of several on a store: only its own commits are told to its relay. */
export class Instance implements Outbox {
  readonly topic: string;
  private readonly listeners: ((unpublished: Unpublished) => void)[] = [];
  /** Trims that fail, still to come. */
  failingTrims = 0;
  sweeps = 0;

  constructor(
    private readonly store: EmbeddedAggregates<Item, ItemEvent>,
    private readonly committers: Map<string, Instance>,
  ) {
    this.topic = store.topic;
  }

  /** Commits the next version of an aggregate, as a writer does who has read it (`before`), or reads it now. */
  async commit(id: string, time?: string, seen?: Stored<Item>): Promise<void> {
    const before = seen ?? (await this.store.find(id));
    const change = before ? changed(before.state, 'changed', time) : created(id, time);
    this.committers.set(`${id} ${change.state.version}`, this);
    await this.store.save(before, change);
  }

  tell(unpublished: Unpublished): void {
    for (const listener of this.listeners) listener(unpublished);
  }

  onCommit(listener: (unpublished: Unpublished) => void): void {
    this.listeners.push(listener);
  }

  async unpublished(before: string, limit: number): Promise<readonly Unpublished[]> {
    const found = await this.store.unpublished(before, limit);
    this.sweeps += 1;
    return found;
  }

  trim(published: ReadonlyMap<string, number>): Promise<void> {
    if (this.failingTrims === 0) return this.store.trim(published);
    this.failingTrims -= 1;
    return Promise.reject(new Error('the database is away'));
  }

  backlog(): Promise<Backlog> {
    return this.store.backlog();
  }
}

/** So many instances on one store. */
export function instancesOn(store: EmbeddedAggregates<Item, ItemEvent>, count: number): Instance[] {
  const committers = new Map<string, Instance>();
  store.onCommit((unpublished) => {
    committers.get(`${unpublished.id} ${unpublished.pending.at(-1)?.version}`)?.tell(unpublished);
  });
  return Array.from({ length: count }, () => new Instance(store, committers));
}
