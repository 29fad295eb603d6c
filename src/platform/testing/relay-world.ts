import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  Backlog,
  CommittedEvent,
  Outbox,
  StoredAggregate,
  Unpublished,
  UnpublishedQuery,
  PendingAggregate,
} from '../aggregate/aggregates.js';
import type { Bus, BusRecord, RunningConsumer } from '../log/bus.js';
import type { EmbeddedAggregates } from '../embedded/aggregates.js';
import { PlatformError } from '../tools/errors.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { changed, created, type Item, type ItemChange } from './items.js';

/** The outcome of a publish: `half` and `after` fail, but leave records in the log. */
export type PublishOutcome = 'ok' | 'before' | 'half' | 'after';

/** A log in memory, with buses that fail on demand. */
export class FlakyLog {
  readonly records: BusRecord[] = [];
  readonly sizes: number[] = [];
  readonly failures: PublishOutcome[] = [];
  /** Maximum record size. */
  maxBytes = Infinity;
  refusals = 0;
  /** Number of publishes in flight. */
  waiting = 0;

  get events(): CloudEvent[] {
    return this.records.map(({ value }) => JSON.parse(String(value)) as CloudEvent);
  }

  /** Distinct versions of an aggregate, in order of first appearance. */
  firstAppearances(id: string): number[] {
    const versions = this.events.filter(({ subject }) => subject === id).map(({ sequence }) => Number(sequence));
    return [...new Set(versions)];
  }

  /** Returns a bus; `next` decides the outcome of each publish. */
  bus(next: () => PublishOutcome | Promise<PublishOutcome> = () => 'ok'): Bus {
    return {
      createTopics: () => Promise.resolve(),
      describeTopics: ([topic = '']) => {
        const settings: Record<string, string> =
          this.maxBytes < Infinity ? { 'max.message.bytes': `${this.maxBytes}` } : {};
        return Promise.resolve([{ topic, partitions: 1, replicationFactor: 1, brokers: 1, settings }]);
      },
      countPartitions: () => Promise.resolve(new Map()),
      countRecords: () => Promise.resolve(new Map()),
      extents: () => Promise.resolve([]),
      consumerLag: () => Promise.resolve([]),
      firstRecord: () => Promise.resolve(undefined),
      read: () => Promise.reject(new Error('nobody reads here')),
      consume: () => Promise.reject<RunningConsumer>(new Error('nobody consumes here')),
      check: () => Promise.resolve({ up: true }),
      close: () => Promise.resolve(),
      publish: async (topic, records) => {
        this.waiting += 1;
        const outcome = await next();
        this.waiting -= 1;
        if (records.some(({ value }) => (value?.length ?? 0) > this.maxBytes)) {
          this.refusals += 1;
          throw new PlatformError(
            'too-large',
            'record-too-large',
            `the record is too large for ${topic} (max.message.bytes)`,
          );
        }
        const arrived = { ok: records.length, before: 0, half: Math.ceil(records.length / 2), after: records.length };
        this.sizes.push(records.length);
        // In order, but interleaved with the records of other publishes.
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

/** One of several processes on a store. Its relay is notified only of its own commits. */
export class Instance implements Outbox {
  readonly topic: string;
  private readonly listeners: ((commit: CommittedEvent) => void)[] = [];
  /** Number of further trims that fail. */
  failingTrims = 0;
  /** Number of sweeps. */
  looks = 0;
  /** Pending events that it has read. */
  readonly read: Unpublished[] = [];

  constructor(
    private readonly store: EmbeddedAggregates<Item, ItemChange>,
    private readonly committers: Map<string, Instance>,
  ) {
    this.topic = store.topic;
  }

  /** Commits the next version of an aggregate, based on `seen` or on the current state. */
  async commit(id: string, time?: string, seen?: StoredAggregate<Item>, name = 'changed'): Promise<void> {
    const before = seen ?? (await this.store.find(id));
    const change = before ? changed(before.state, name, time) : created(id, time);
    this.committers.set(`${id} ${change.state.version}`, this);
    await this.store.save(before, change);
  }

  tell(commit: CommittedEvent): void {
    for (const listener of this.listeners) listener(commit);
  }

  onCommit(listener: (commit: CommittedEvent) => void): void {
    this.listeners.push(listener);
  }

  limitEvents(maxBytes: number): void {
    this.store.limitEvents(maxBytes);
  }

  pendingAggregates(from: string, limit: number): Promise<readonly PendingAggregate[]> {
    return this.store.pendingAggregates(from, limit);
  }

  async ends() {
    const ends = await this.store.ends();
    this.looks += 1;
    return ends;
  }

  async *unpublished(query: UnpublishedQuery): AsyncGenerator<Unpublished> {
    for await (const each of this.store.unpublished(query)) {
      this.read.push(each);
      yield each;
    }
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

/** Creates instances on one store. */
export function instancesOn(store: EmbeddedAggregates<Item, ItemChange>, count: number): Instance[] {
  const committers = new Map<string, Instance>();
  store.onCommit((commit) => committers.get(`${commit.id} ${commit.event.version}`)?.tell(commit));
  return Array.from({ length: count }, () => new Instance(store, committers));
}
