import { randomUUID } from 'node:crypto';
import type { Bus, BusRecord, RunningConsumer, LoggedRecord } from '../log/bus.js';
import { deadLetterTopic } from '../consuming/dead-letter.js';
import { type Discard, markersTopic } from '../consuming/dead-letter-markers.js';
import { type DeadLetter, readDeadLetters } from '../consuming/dead-letters.js';
import { listDeadLetters, type ListOptions } from '../consuming/browse-dead-letters.js';
import { discardSelected } from '../consuming/discard.js';
import { redrive, redriveSelected } from '../consuming/redrive.js';
import type { Selection } from '../consuming/select-dead-letters.js';
import { fingerprintOf, partitionName, type Position } from '../log/position.js';
import { readToEnd } from '../log/read-to-end.js';
import { PendingDeadLetters } from '../consuming/pending-dead-letters.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { majorVersionOf, UnreadableRecord } from '../event/parse-cloud-event.js';
import type { ProjectionStore, Versioned } from '../views/projection.js';
import { recordHandler } from '../consuming/record-handler.js';
import type { Subscription } from '../consuming/subscription.js';
import { silentLogger } from './silent-logger.js';

export interface NamedState {
  readonly name: string;
}

export interface DeadLettersFixture {
  readonly bus: Bus;
  readonly copies: ProjectionStore<NamedState>;
  dispose(): Promise<void>;
}

/** A topic, and a subscriber that keeps copies and may be unable to read some records. */
export class DeadLettersWorld {
  readonly topic = `topic-${randomUUID()}`;
  readonly group = 'copies';
  /** Major versions of the event that the subscriber supports. */
  readonly understood = new Set([1]);
  /** Records that `read` was called with. */
  readonly given: LoggedRecord[] = [];
  failure: Error | undefined;
  /** Names at which the subscriber fails with a bug. */
  readonly bugs = new Set<string>();

  private constructor(private readonly fixture: DeadLettersFixture) {}

  static async open(openFixture: () => Promise<DeadLettersFixture>): Promise<DeadLettersWorld> {
    const world = new DeadLettersWorld(await openFixture());
    await world.bus.createTopics([world.topic, world.deadLetters]);
    return world;
  }

  get bus(): Bus {
    return this.fixture.bus;
  }

  get deadLetters(): string {
    return deadLetterTopic(this);
  }

  /** Positions of the group, as its database has them. */
  positions: readonly Position[] = [];
  /** True if a later event makes up for an earlier one of this type (undefined: an unknown type). */
  isReplaceable: (type: string | undefined) => boolean = () => true;

  get subscription(): Subscription {
    const subscription: Subscription<Versioned<NamedState>> = {
      topic: this.topic,
      group: this.group,
      read: (event, record) => {
        this.given.push(record);
        const major = majorVersionOf(event);
        if (!this.understood.has(major)) throw new UnreadableRecord(`major version ${major} is not known here`);
        return { id: event.subject, version: Number(event.sequence), state: event.data as NamedState };
      },
      react: (entries) => {
        const bug = entries.find(({ state }) => this.bugs.has(state.name));
        if (bug) return Promise.reject(new TypeError(`cannot deal with ${bug.state.name}`));
        return this.failure ? Promise.reject(this.failure) : this.fixture.copies.apply(entries);
      },
      replaces: (lost, later) => this.isReplaceable(lost) && this.understood.has(majorVersionOf(later)),
    };
    return subscription as Subscription;
  }

  publish(...records: readonly BusRecord[]): Promise<void> {
    return this.bus.publish(this.topic, records);
  }

  /** Handles the whole topic once, as if no offset had been committed. */
  async consume(): Promise<void> {
    const reader = await this.bus.read([this.topic], recordHandler(this.subscription, this.bus, silentLogger));
    await reader.caughtUp();
    await reader.stop();
    this.given.length = 0;
  }

  /** Moves the positions behind all records, as if they were all consumed. */
  async reachEnd(): Promise<void> {
    const positions = new Map<string, Position>();
    await readToEnd(this.bus, [this.topic], (records) => {
      for (const record of records) {
        const { topic, partition, offset } = record;
        positions.set(partitionName(record), { topic, partition, next: offset + 1, last: fingerprintOf(record) });
      }
      return Promise.resolve();
    });
    this.positions = [...positions.values()];
  }

  /** Joins a consumer group and consumes the topic, as a process does. */
  join(): Promise<RunningConsumer> {
    const handler = recordHandler(this.subscription, this.bus, silentLogger);
    return this.bus.consume(`${this.group}-${this.topic}`, new Map([[this.topic, handler]]));
  }

  list(): Promise<readonly DeadLetter[]> {
    return readDeadLetters(this.bus, this);
  }

  page(options: Partial<ListOptions> = {}) {
    const positions = { of: () => Promise.resolve(this.positions) };
    return listDeadLetters(this.bus, this.subscription, { limit: 100, positions, ...options });
  }

  /** Ids of the dead letters that are listed as healed. */
  async listHealed(): Promise<readonly string[]> {
    return (await this.page()).items.filter(({ isHealed }) => isHealed).map(({ id }) => id);
  }

  async listPending(): Promise<readonly DeadLetter[]> {
    return (await this.list()).filter(({ pending }) => pending.length > 0);
  }

  /** Returns those that still fail. */
  async redrive(chosen?: readonly DeadLetter[], signal = new AbortController().signal) {
    const outcomes = await redrive(this.bus, this.subscription, chosen ?? (await this.listPending()), signal);
    return outcomes.flatMap((each) => (each.outcome === 'failed' ? [{ id: each.id, reason: each.reason }] : []));
  }

  redriveSelected(selection: Selection) {
    return redriveSelected(this.bus, this.subscription, selection, new AbortController().signal);
  }

  discard(selection: Selection, why: Discard = { reason: 'a test' }) {
    return discardSelected(this.bus, this, selection, why, new AbortController().signal);
  }

  /** The number of pending dead letters, as a new process counts them. */
  async countPending(): Promise<number | undefined> {
    const [count] = await new PendingDeadLetters(this.bus, [this]).counts();
    return count?.pending;
  }

  async numberOf(what: 'dead letters' | 'markers'): Promise<number> {
    const topic = what === 'dead letters' ? this.deadLetters : markersTopic(this);
    return (await this.bus.countRecords([topic])).get(topic) ?? 0;
  }

  async nameOf(id: string): Promise<string | undefined> {
    return (await this.fixture.copies.find(id))?.state.name;
  }

  close(): Promise<void> {
    return this.fixture.dispose();
  }
}

/** Builds a record that states a version of a copy. */
export function stated(id: string, version: number, name: string, major = 1): BusRecord {
  const event: CloudEvent = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/test',
    type: 'test.copy.stated',
    subject: id,
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    dataschema: `urn:schema:test.copy.stated:v${major}`,
    sequence: String(version),
    data: { name },
  };
  return { key: Buffer.from(id), value: Buffer.from(JSON.stringify(event)), headers: { 'content-type': 'a/b' } };
}
