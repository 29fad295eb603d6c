import type { Logger } from 'pino';
import type { LogCompared, Outbox } from '../aggregate/aggregates.js';
import { retryUntilDone } from '../tools/backoff.js';
import { inApplySpans } from '../log/batch-spans.js';
import type { Bus, HasReached, RecordHandler, RunningConsumer, StartAt } from '../log/bus.js';
import type { SchemaIdOf } from '../event/event-record.js';
import { controlTopic } from '../log/generations.js';
import { createPinnedTopics, type PartitionPins } from '../log/partition-pins.js';
import { topicHealth } from '../log/topic-health.js';
import { isCodedError } from '../tools/errors.js';
import type { HandlingObserver } from '../consuming/handling-observer.js';
import type { Dependency } from '../tools/dependency.js';
import { type BacklogReport, BacklogWatch } from '../outbox/backlog-watch.js';
import { Relay } from '../outbox/relay.js';
import type { RelayObserver } from '../outbox/relay-observer.js';
import { setAsideHealth } from '../outbox/set-aside.js';
import type { RecordedTopic } from '../rebuilding/fork-watch.js';
import { type Disagreement, LogGuard } from '../rebuilding/log-guard.js';
import { PositionKeeper } from '../consuming/position-keeper.js';
import type { Advance, Positions } from '../consuming/positions.js';
import { recordHandler } from '../consuming/record-handler.js';
import type { PersonKeys } from '../context/person-keys.js';
import type { Subscription } from '../consuming/subscription.js';
import { withTimeout } from '../tools/timeout.js';
import { topicsUsed } from '../consuming/topics-used.js';

/** The topics and stores of one context, as messaging uses them. */
export interface Participant {
  /** Name of the context and of its consumer group. */
  readonly name: string;
  readonly outboxes: readonly (Outbox & LogCompared)[];
  readonly subscriptions: readonly Subscription[];
  /** What a replay applies. */
  readonly projections: readonly Subscription[];
  /** The histories of the aggregates in the outboxes. */
  readonly histories: readonly RecordedTopic[];
  /** The keys of the persons that the context deals with. */
  readonly keys: readonly Pick<PersonKeys, 'topic' | 'handler' | 'watch'>[];
  /** Applies erasures that the database may not know, and determines from which offsets reactions start. */
  readonly begin: (bus: Bus) => Promise<void>;
  /** Stored in the context's own database. */
  readonly positions: Positions;
  /** Stored in the context's own database; undefined if partition counts never change (embedded log). */
  readonly pins: PartitionPins | undefined;
}

/** Milliseconds that the first request waits for the erasures in the log. */
const BEGIN_TIMEOUT_MS = 10_000;

/** A participant with its relays, guard and record handlers. */
interface ActiveParticipant extends Participant {
  readonly guard: LogGuard;
  readonly keeper: PositionKeeper;
  readonly relays: readonly Relay[];
  readonly backlogs: readonly BacklogWatch[];
  readonly handlers: ReadonlyMap<string, RecordHandler>;
}

/** Is told what the relays publish, and what becomes of consumed records. */
export type MessagingObserver = RelayObserver & HandlingObserver;

/** Creates the topics of a process and runs its relays and consumers. */
export class Messaging {
  private readonly participants: readonly ActiveParticipant[];
  private readonly consumers = new Map<string, RunningConsumer>();
  private readonly stopping = new AbortController();
  private saving: Promise<unknown> = Promise.resolve();
  private joined = false;
  /** Why it cannot join, if an operator has to fix that. */
  private obstacle: string | undefined;

  /**
   * @param schemaIdOf returns the ids that a schema registry has given to schemas
   */
  constructor(
    private readonly bus: Bus,
    participants: readonly Participant[],
    private readonly logger: Logger,
    private readonly observer: MessagingObserver,
    private readonly schemaIdOf?: SchemaIdOf,
  ) {
    this.participants = participants.map((participant) => this.activate(participant));
  }

  /**
   * Compares the databases with the log, now and then regularly, and applies erasures that a restored database does not
   * know. Resolves after the first comparison, or if the log does not answer. Never throws.
   */
  async compare(): Promise<void> {
    await Promise.all(this.participants.flatMap(({ guard, begin }) => [guard.check(), this.tryToBegin(begin)]));
    for (const { guard } of this.participants) guard.start();
  }

  /** Creates topics, starts the relays and joins the consumer groups; retries until it succeeds. */
  async join(signal: AbortSignal): Promise<void> {
    const onFailure = (error: unknown) => {
      this.obstacle = isCodedError(error) && error.kind === 'rejected' ? error.message : undefined;
      this.logger.warn({ err: error }, 'bus not available yet; retrying');
    };
    await retryUntilDone(() => this.createTopics(), { signal, onFailure });
    this.obstacle = undefined;
    for (const { begin } of this.participants) await retryUntilDone(() => begin(this.bus), { signal, onFailure });
    for (const relay of this.participants.flatMap(({ relays }) => relays)) relay.start();
    for (const participant of this.participants) this.watchKeys(participant);
    this.saving = Promise.all(this.participants.map(({ keeper }) => keeper.run(this.stopping.signal)));
    const consuming = this.participants.filter(({ handlers }) => handlers.size > 0);
    await Promise.all(consuming.map((participant) => this.joinGroup(participant, { signal, onFailure })));
    this.joined = true;
  }

  private watchKeys({ name, keys, positions }: ActiveParticipant): void {
    const group = `${name} keys`;
    const searched = {
      of: () => positions.of(group),
      advance: (advances: readonly Advance[]) => positions.advance(group, advances),
    };
    for (const each of keys) void each.watch(this.bus, searched, this.logger, this.stopping.signal);
  }

  /** Without the log, requests are served all the same, and {@link join} repeats it. */
  private async tryToBegin(begin: Participant['begin']): Promise<void> {
    try {
      await withTimeout(BEGIN_TIMEOUT_MS, begin(this.bus));
    } catch (error) {
      this.logger.debug({ err: error }, 'cannot apply the erasures in the log yet');
    }
  }

  /** The database was restored while the process runs. */
  private async beginAgain(begin: Participant['begin']): Promise<void> {
    const { signal } = this.stopping;
    await retryUntilDone(() => begin(this.bus), { signal }).catch(() => undefined);
  }

  private async joinGroup(
    { name, handlers, keeper }: ActiveParticipant,
    retrying: Parameters<typeof retryUntilDone>[1],
  ): Promise<void> {
    const startAt: StartAt = (...partition) => keeper.startAt(...partition);
    const hasReached: HasReached = (topic, ends) => keeper.hasReached(topic, ends);
    const consumer = await retryUntilDone(() => this.bus.consume(name, handlers, startAt, hasReached), retrying);
    keeper.attach(consumer);
    this.consumers.set(name, consumer);
  }

  /**
   * Returns the dependencies for readiness. The bus is required only until it has been joined once: later, commands
   * work without it, and a process that is not ready could not serve them. Topics that would lose events are always
   * required.
   */
  dependencies(busName: string): Dependency[] {
    const required = () => !this.joined;
    const withHandlers = this.participants.filter(({ handlers }) => handlers.size > 0);
    const consumers = withHandlers.map(({ name }) => ({
      name: `consumer:${name}`,
      required,
      check: () =>
        Promise.resolve(this.consumers.get(name)?.health() ?? { up: false, detail: 'has not joined its group yet' }),
    }));
    const bus = {
      name: busName,
      required,
      check: () =>
        this.obstacle === undefined ? this.bus.check() : Promise.resolve({ up: false, detail: this.obstacle }),
    };
    const guards = this.participants.map(({ guard }) => guard.dependency());
    const outboxes = this.participants
      .flatMap(({ relays }) => relays)
      .map((relay) => ({
        name: `outbox:${relay.topic}`,
        required: () => false,
        check: () => Promise.resolve(setAsideHealth(relay.topic, relay.setAside)),
      }));
    return [
      bus,
      topicHealth(this.bus, [...this.topics, ...this.topics.map(controlTopic)], this.pins),
      ...consumers,
      ...guards,
      ...outboxes,
    ];
  }

  /** Reports the unpublished events of the outboxes. Never throws, and never takes long. */
  reportBacklogs(): Promise<readonly BacklogReport[]> {
    return Promise.all(this.participants.flatMap(({ backlogs }) => backlogs.map((backlog) => backlog.report())));
  }

  /** Returns, by group, how often a consumer without progress was replaced. */
  restarts(): ReadonlyMap<string, number> {
    return new Map(this.participants.map(({ name }) => [name, this.consumers.get(name)?.restarts ?? 0]));
  }

  /** Returns the members of consumer groups that have been started. */
  members(): readonly { readonly group: string; readonly consumer: RunningConsumer }[] {
    return [...this.consumers].map(([group, consumer]) => ({ group, consumer }));
  }

  /** Returns, by context, how its database and the log disagree, if they do. */
  disagreements(): ReadonlyMap<string, Disagreement | undefined> {
    return new Map(this.participants.map(({ name, guard }) => [name, guard.disagreement]));
  }

  /** Finishes the current records, commits their offsets, saves positions and leaves the consumer groups. */
  async leave(): Promise<void> {
    await Promise.all([...this.consumers.values()].map((consumer) => consumer.stop()));
    this.stopping.abort();
    await this.saving;
    await Promise.all(this.participants.map(({ guard }) => guard.stop()));
  }

  /** Publishes queued events for at most `timeoutMs`; the rest stays in the outboxes. */
  async flush(timeoutMs: number): Promise<void> {
    await Promise.all(this.participants.flatMap(({ relays }) => relays.map((relay) => relay.stop(timeoutMs))));
  }

  private get pins(): readonly PartitionPins[] {
    return this.participants.flatMap(({ pins }) => pins ?? []);
  }

  private get topics(): readonly string[] {
    const outboxes = this.participants.flatMap((member) => member.outboxes);
    const subscriptions = this.participants.flatMap((member) => member.subscriptions);
    const keys = this.participants.flatMap((member) => member.keys.map(({ topic }) => topic));
    return topicsUsed(outboxes, subscriptions, keys).map(({ topic }) => topic);
  }

  /** Does not recreate a topic that existed before: the guards report it as missing. */
  private async createTopics(): Promise<void> {
    const missing = new Set((await Promise.all(this.participants.map(({ guard }) => guard.missingTopics()))).flat());
    const topics = this.topics.filter((topic) => !missing.has(topic));
    await createPinnedTopics(this.bus, this.pins, topics);
  }

  private activate(participant: Participant): ActiveParticipant {
    const { name, outboxes, subscriptions, projections, histories, keys, positions, begin } = participant;
    const { bus, logger, observer } = this;
    const keeper = new PositionKeeper({
      group: name,
      positions,
      ownTopics: new Set(outboxes.map(({ topic }) => topic)),
      logger,
      onRestoration: (finding) => {
        guard.suspect();
        if (finding === 'database-restored') void this.beginAgain(begin);
      },
    });
    const copying = keys.flatMap((each) => {
      const handler = each.handler();
      return handler ? [[each.topic, keeper.watch(handler)] as const] : [];
    });
    const copied = copying.map(([topic]) => topic);
    const guard = new LogGuard({ module: name, bus, stores: outboxes, histories, keeper, projections, copied, logger });
    const handlers = new Map<string, RecordHandler>(copying);
    for (const subscription of subscriptions) {
      const handler = recordHandler(subscription, bus, logger, observer);
      handlers.set(subscription.topic, keeper.watch(inApplySpans(subscription.topic, name, handler)));
    }
    // Publishing while log and database disagree would create a second history.
    const publish: Bus['publish'] = async (topic, records) => {
      guard.refusePublishing();
      await bus.publish(topic, records);
    };
    const describeTopics: Bus['describeTopics'] = (names) => bus.describeTopics(names);
    const relays = outboxes.map(
      (outbox) => new Relay(outbox, { publish, describeTopics }, logger, {}, this.schemaIdOf, observer),
    );
    const backlogs = outboxes.map((outbox, index) => new BacklogWatch(outbox, relays[index] as Relay));
    return { ...participant, guard, keeper, relays, backlogs, handlers };
  }
}
