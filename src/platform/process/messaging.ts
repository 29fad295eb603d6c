import type { Logger } from 'pino';
import type { LogCompared, Outbox } from '../aggregate/aggregates.js';
import { retryUntilDone } from '../tools/backoff.js';
import type { Bus, RunningConsumer, RecordHandler } from '../log/bus.js';
import { createPinnedTopics, type PartitionPins } from '../log/partition-pins.js';
import { topicHealth } from '../log/topic-health.js';
import { isCodedError } from '../tools/errors.js';
import type { Consumed } from '../consuming/dead-letter.js';
import type { Dependency } from '../tools/dependency.js';
import { type BacklogReport, BacklogWatch } from '../outbox/backlog-watch.js';
import { Relay } from '../outbox/relay.js';
import { setAsideHealth } from '../outbox/set-aside.js';
import type { RecordedTopic } from '../rebuilding/fork-watch.js';
import { type Disagreement, LogGuard } from '../rebuilding/log-guard.js';
import { PositionKeeper } from '../consuming/position-keeper.js';
import type { Positions } from '../consuming/positions.js';
import { type DeadLettered, recordHandler } from '../consuming/record-handler.js';
import type { Subscription } from '../consuming/subscription.js';
import { topicsUsed } from '../consuming/topics-used.js';

/** What one context does on the bus. */
export interface Participant {
  /** Name of the context, and of its consumer group. */
  readonly name: string;
  readonly outboxes: readonly (Outbox & LogCompared)[];
  readonly subscriptions: readonly Subscription[];
  /** Of the aggregates whose events are in the outboxes. */
  readonly histories: readonly RecordedTopic[];
  /** Finds out where the context's reactions begin. */
  readonly begin: (bus: Bus) => Promise<void>;
  /** In the context's own database. */
  readonly positions: Positions;
  /** In the context's own database; undefined where topics have the same partitions always. */
  readonly pins: PartitionPins | undefined;
}

/** A participant at work. */
interface Member extends Participant {
  readonly guard: LogGuard;
  readonly keeper: PositionKeeper;
  readonly relays: readonly Relay[];
  readonly backlogs: readonly BacklogWatch[];
  readonly handlers: ReadonlyMap<string, RecordHandler>;
}

/** All that a process does on the bus: its topics, its relays and its consumer groups. */
export class Messaging {
  private readonly members: readonly Member[];
  private readonly consumptions = new Map<string, RunningConsumer>();
  private readonly stopping = new AbortController();
  private saving: Promise<unknown> = Promise.resolve();
  private joined = false;
  /** Why it has not joined yet, where that is for an operator to put right. */
  private obstacle: string | undefined;

  /** @param onDeadLetters told what of a subscription went to the dead letters */
  constructor(
    private readonly bus: Bus,
    participants: readonly Participant[],
    private readonly logger: Logger,
    onDeadLetters: (consumed: Consumed, givenUp: DeadLettered) => void,
  ) {
    this.members = participants.map((participant) => this.toMember(participant, onDeadLetters));
  }

  /**
   * Compares the databases with the log, for the first time and then regularly. Resolves after the first time, or when
   * the log does not answer. Never throws.
   */
  async compare(): Promise<void> {
    await Promise.all(this.members.map(({ guard }) => guard.check()));
    for (const { guard } of this.members) guard.start();
  }

  /** Creates topics, starts to publish and joins the groups; tries for as long as it takes. */
  async join(signal: AbortSignal): Promise<void> {
    const onFailure = (error: unknown) => {
      this.obstacle = isCodedError(error) && error.kind === 'rejected' ? error.message : undefined;
      this.logger.warn({ err: error }, 'the bus is not there yet');
    };
    await retryUntilDone(() => this.createTopics(), { signal, onFailure });
    this.obstacle = undefined;
    for (const { begin } of this.members) await retryUntilDone(() => begin(this.bus), { signal, onFailure });
    for (const relay of this.members.flatMap(({ relays }) => relays)) relay.start();
    this.saving = Promise.all(this.members.map(({ keeper }) => keeper.run(this.stopping.signal)));
    for (const { name, handlers, keeper } of this.members) {
      if (handlers.size === 0) continue;
      const startAt = (topic: string, partition: number) => keeper.startAt(topic, partition);
      const consume = () => this.bus.consume(name, handlers, startAt);
      const consumption = await retryUntilDone(consume, { signal, onFailure });
      keeper.attach(consumption);
      this.consumptions.set(name, consumption);
    }
    this.joined = true;
  }

  /**
   * What readiness is told. The bus is needed until it has been there once; after that commands go on without it, and
   * taking the process out of service would only stop those. Topics that would forget events are worse than no service.
   */
  dependencies(busName: string): Dependency[] {
    const required = () => !this.joined;
    const consuming = this.members.filter(({ handlers }) => handlers.size > 0);
    const consumers = consuming.map(({ name }) => ({
      name: `consumer:${name}`,
      required,
      check: () =>
        Promise.resolve(this.consumptions.get(name)?.health() ?? { up: false, detail: 'has not joined its group yet' }),
    }));
    const bus = {
      name: busName,
      required,
      check: () =>
        this.obstacle === undefined ? this.bus.check() : Promise.resolve({ up: false, detail: this.obstacle }),
    };
    const guards = this.members.map(({ guard }) => guard.dependency());
    const outboxes = this.members
      .flatMap(({ relays }) => relays)
      .map((relay) => ({
        name: `outbox:${relay.topic}`,
        required: () => false,
        check: () => Promise.resolve(setAsideHealth(relay.topic, relay.setAside)),
      }));
    return [bus, topicHealth(this.bus, this.topics, this.pins), ...consumers, ...guards, ...outboxes];
  }

  /** What the outboxes have to publish. Never throws, and never takes long. */
  reportBacklogs(): Promise<readonly BacklogReport[]> {
    return Promise.all(this.members.flatMap(({ backlogs }) => backlogs.map((backlog) => backlog.report())));
  }

  /** By group: how often its consumer was replaced because it stood still. */
  restarts(): ReadonlyMap<string, number> {
    return new Map(this.members.map(({ name }) => [name, this.consumptions.get(name)?.restarts ?? 0]));
  }

  /** By context: how its database and the log disagree, if they do. */
  disagreements(): ReadonlyMap<string, Disagreement | undefined> {
    return new Map(this.members.map(({ name, guard }) => [name, guard.disagreement]));
  }

  /** Finishes the records in hand, commits their offsets, saves positions and leaves the groups. */
  async leave(): Promise<void> {
    await Promise.all([...this.consumptions.values()].map((consumption) => consumption.stop()));
    this.stopping.abort();
    await this.saving;
    await Promise.all(this.members.map(({ guard }) => guard.stop()));
  }

  /** Publishes what is queued, for at most `timeoutMs` milliseconds; the rest stays in the outboxes. */
  async flush(timeoutMs: number): Promise<void> {
    await Promise.all(this.members.flatMap(({ relays }) => relays.map((relay) => relay.stop(timeoutMs))));
  }

  private get pins(): readonly PartitionPins[] {
    return this.members.flatMap(({ pins }) => pins ?? []);
  }

  private get topics(): readonly string[] {
    const outboxes = this.members.flatMap((member) => member.outboxes);
    const subscriptions = this.members.flatMap((member) => member.subscriptions);
    return topicsUsed(outboxes, subscriptions).map(({ topic }) => topic);
  }

  /** A topic that was there once is not made anew: the guards say that it is missing. */
  private async createTopics(): Promise<void> {
    const missing = new Set((await Promise.all(this.members.map(({ guard }) => guard.missingTopics()))).flat());
    const topics = this.topics.filter((topic) => !missing.has(topic));
    await createPinnedTopics(this.bus, this.pins, topics);
  }

  private toMember(
    participant: Participant,
    onDeadLetters: (consumed: Consumed, givenUp: DeadLettered) => void,
  ): Member {
    const { name, outboxes, subscriptions, histories, positions } = participant;
    const { bus, logger } = this;
    const keeper = new PositionKeeper({
      group: name,
      positions,
      ownTopics: new Set(outboxes.map(({ topic }) => topic)),
      logger,
      onFinding: () => guard.suspect(),
    });
    const guard = new LogGuard({ module: name, bus, stores: outboxes, histories, keeper, subscriptions, logger });
    const handlers = new Map<string, RecordHandler>();
    for (const subscription of subscriptions) {
      const onDead = (givenUp: DeadLettered) => onDeadLetters(subscription, givenUp);
      handlers.set(subscription.topic, keeper.watch(recordHandler(subscription, bus, logger, onDead)));
    }
    // What is published while log and database disagree would be a second history.
    const publish: Bus['publish'] = async (topic, records) => {
      guard.refusePublishing();
      await bus.publish(topic, records);
    };
    const describeTopics: Bus['describeTopics'] = (names) => bus.describeTopics(names);
    const relays = outboxes.map((outbox) => new Relay(outbox, { publish, describeTopics }, logger));
    const backlogs = outboxes.map((outbox, index) => new BacklogWatch(outbox, relays[index] as Relay));
    return { ...participant, guard, keeper, relays, backlogs, handlers };
  }
}
