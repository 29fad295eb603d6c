import { EventEmitter, once } from 'node:events';
import type { LoggedRecord } from '../log/bus.js';
import { activeOf, controlTopic, type Generations, mayHaveGenerations, parseGenerations } from '../log/generations.js';
import { withTimeout } from '../tools/timeout.js';
import type { KafkaAdmin } from './admin.js';
import { KafkaLogReader, type LogReaderSettings } from './log-reader.js';
import type { RecordClient } from './record-client.js';
import { plainView, type TopicView, viewOf } from './topic-view.js';
import { existingTopics } from './topics.js';

/** Interval at which the process looks for topics that got their second generation. Later changes are pushed. */
const POLL_INTERVAL_MS = 5_000;
const CLOSE_TIMEOUT_MS = 1_000;

interface Followed {
  known: Generations | undefined;
  isLookedAt: boolean;
  /** Follows the control topic, once that exists. */
  reader: Promise<KafkaLogReader> | undefined;
}

/**
 * Knows the generations of topics, as Kafka states them. Looks at the first use of a topic, then follows the changes. A
 * topic without a control topic has one generation, and costs one request now and then.
 */
export class KafkaGenerations {
  private readonly followed = new Map<string, Followed>();
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly client: RecordClient,
    private readonly admin: KafkaAdmin,
    private readonly settings: Omit<LogReaderSettings, 'from'>,
  ) {}

  /** Returns the generations of a topic as last seen; undefined if it has only one. Looks at the first call. */
  async of(topic: string): Promise<Generations | undefined> {
    await this.lookOnce([topic]);
    return this.known(topic);
  }

  /** Looks at those topics that it has not looked at yet. */
  async lookOnce(topics: readonly string[]): Promise<void> {
    const unknown = topics.filter((topic) => this.followed.get(topic)?.isLookedAt !== true);
    if (unknown.length > 0) await this.look(unknown);
  }

  /** Returns the generations as last seen, without looking. */
  known(topic: string): Generations | undefined {
    return this.followed.get(topic)?.known;
  }

  /** Reads the current generations. */
  async look(topics: readonly string[]): Promise<void> {
    const able = topics.filter((topic) => mayHaveGenerations(topic));
    // After `close`, the admin client would connect again.
    if (able.length === 0 || this.closed) return;
    const existing = new Set(await this.admin.ask((admin) => existingTopics(admin, able.map(controlTopic))));
    await Promise.all(able.map((topic) => this.lookAt(topic, existing.has(controlTopic(topic)))));
    this.timer ??= setInterval(() => {
      this.polling = this.look([...this.followed.keys()]).catch(() => undefined);
    }, POLL_INTERVAL_MS).unref();
  }

  /** Resolves at the next change of a topic's generations, or after `timeoutMs`. */
  async changed(topic: string, timeoutMs: number): Promise<void> {
    await once(this.changes, topic, { signal: AbortSignal.timeout(timeoutMs) }).catch(() => undefined);
  }

  /** Returns the view of the generation that is active as last seen. Looks at the first call. */
  async viewOf(topic: string): Promise<TopicView> {
    const known = await this.of(topic);
    return known ? viewOf(topic, activeOf(known)) : plainView(topic);
  }

  /** Returns the views of the generations that are active now. */
  async currentViews(topics: readonly string[]): Promise<readonly TopicView[]> {
    await this.look(topics);
    return Promise.all(topics.map((topic) => this.viewOf(topic)));
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    // kafkajs would connect again for a request that was not answered when its client was closed.
    await withTimeout(CLOSE_TIMEOUT_MS, this.polling).catch(() => undefined);
    const readers = [...this.followed.values()].flatMap(({ reader }) => reader ?? []);
    await Promise.allSettled(readers.map(async (reader) => (await reader).stop()));
  }

  private async lookAt(topic: string, isControlled: boolean): Promise<void> {
    const followed = this.followed.get(topic) ?? { known: undefined, isLookedAt: false, reader: undefined };
    this.followed.set(topic, followed);
    if (isControlled && !this.closed) {
      const reader = (followed.reader ??= this.follow(topic, followed));
      try {
        await (await reader).caughtUp();
      } catch (error) {
        // It ended. The next call starts another.
        if (followed.reader === reader) followed.reader = undefined;
        throw error;
      }
    }
    followed.isLookedAt = true;
  }

  private follow(topic: string, followed: Followed): Promise<KafkaLogReader> {
    const take = (records: readonly LoggedRecord[]) => {
      for (const { value } of records) {
        const stated = parseGenerations(topic, value);
        if (stated.revision < (followed.known?.revision ?? 0)) continue;
        followed.known = stated;
      }
      this.changes.emit(topic);
      return Promise.resolve();
    };
    const views = () => Promise.resolve([plainView(controlTopic(topic))]);
    return KafkaLogReader.start(this.client, { ...this.settings, from: {} }, this.admin, views, take);
  }
}
