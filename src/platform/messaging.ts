import type { Logger } from 'pino';
import type { Outbox } from './aggregate/aggregates.js';
import { retryUntilDone } from './backoff.js';
import type { Bus, Consumption, RecordHandler } from './bus/bus.js';
import { topicHealth } from './bus/topic-health.js';
import type { Consumed } from './dead-letters/dead-letter.js';
import type { Dependency } from './health/health.js';
import { Relay } from './outbox/relay.js';
import { type GivenUp, recordHandler } from './subscriber/record-handler.js';
import type { Subscription } from './subscriber/subscription.js';
import { topicsUsed } from './subscriber/topics-used.js';

/** All that a process does on the bus: its topics, its relays and its consumer groups. */
export class Messaging {
  private readonly topics: readonly string[];
  private readonly relays: readonly Relay[];
  private readonly groups = new Map<string, Map<string, RecordHandler>>();
  private readonly consumptions = new Map<string, Consumption>();
  private joined = false;

  /** @param onDeadLetters told what of a subscription went to the dead letters */
  constructor(
    private readonly bus: Bus,
    outboxes: readonly Outbox[],
    subscriptions: readonly Subscription[],
    private readonly logger: Logger,
    onDeadLetters: (consumed: Consumed, givenUp: GivenUp) => void,
  ) {
    this.relays = outboxes.map((outbox) => new Relay(outbox, bus, logger));
    for (const subscription of subscriptions) {
      const handlers = this.groups.get(subscription.group) ?? new Map<string, RecordHandler>();
      const onDead = (givenUp: GivenUp) => onDeadLetters(subscription, givenUp);
      const handler = recordHandler(subscription, bus, logger, onDead);
      this.groups.set(subscription.group, handlers.set(subscription.topic, handler));
    }
    this.topics = topicsUsed(outboxes, subscriptions).map(({ topic }) => topic);
  }

  /** Creates topics, starts to publish and joins the groups; tries for as long as it takes. */
  async join(signal: AbortSignal): Promise<void> {
    const onFailure = (error: unknown) => this.logger.warn({ err: error }, 'the bus is not there yet');
    await retryUntilDone(() => this.bus.createTopics(this.topics), { signal, onFailure });
    for (const relay of this.relays) relay.start();
    for (const [group, handlers] of this.groups) {
      const consume = () => this.bus.consume(group, handlers);
      this.consumptions.set(group, await retryUntilDone(consume, { signal, onFailure }));
    }
    this.joined = true;
  }

  /**
   * What readiness is told. The bus is needed until it has been there once; after that commands go on without it, and
   * taking the process out of service would only stop those. Topics that would forget events are worse than no service.
   */
  dependencies(busName: string): Dependency[] {
    const required = () => !this.joined;
    const consumers = [...this.groups.keys()].map((group) => ({
      name: `consumer:${group}`,
      required,
      check: () =>
        Promise.resolve(
          this.consumptions.get(group)?.health() ?? { up: false, detail: 'has not joined its group yet' },
        ),
    }));
    const bus = { name: busName, required, check: () => this.bus.check() };
    return [bus, topicHealth(this.bus, this.topics), ...consumers];
  }

  /** By group: how often its consumer was replaced because it stood still. */
  restarts(): ReadonlyMap<string, number> {
    return new Map([...this.groups.keys()].map((group) => [group, this.consumptions.get(group)?.restarts ?? 0]));
  }

  /** Finishes the records in hand, commits their offsets and leaves the groups. */
  async leave(): Promise<void> {
    await Promise.all([...this.consumptions.values()].map((consumption) => consumption.stop()));
  }

  /** Publishes what is queued, for at most `patience` milliseconds; the rest stays in the outboxes. */
  async flush(patience: number): Promise<void> {
    await Promise.all(this.relays.map((relay) => relay.stop(patience)));
  }
}
