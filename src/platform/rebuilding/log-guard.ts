import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { LogCompared } from '../aggregate/aggregates.js';
import type { Bus, Extent, LoggedRecord } from '../log/bus.js';
import { isUnavailable, PlatformError } from '../tools/errors.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { parseCloudEvent } from '../event/parse-cloud-event.js';
import { hashOf } from '../event/hash-chain.js';
import type { Dependency } from '../tools/dependency.js';
import type { ForkedVersion } from '../views/history.js';
import type { Subscription } from '../consuming/subscription.js';
import { withTimeout } from '../tools/timeout.js';
import { disagreements, type HeadDisagreement } from './compare-heads.js';
import { ForkWatch, type RecordedTopic } from './fork-watch.js';
import type { PositionKeeper } from '../consuming/position-keeper.js';
import type { Position } from '../consuming/positions.js';

/** Newest records of each partition that are compared with the database. */
const NEWEST = 100;
const CHECK_INTERVAL_MS = 5_000;
/** A check that takes longer counts as one that the log did not answer. */
const CHECK_TIMEOUT_MS = 15_000;
/** Before a disagreement counts it is looked at again: a failover may show an older state for a moment. */
const CONFIRM_AFTER_MS = 500;

/** How a database and the log may disagree; these are the codes of refused commands, too. */
export const DISAGREEMENTS = ['behind-the-log', 'ahead-of-the-log', 'forked-from-the-log'] as const;
export type Disagreement = (typeof DISAGREEMENTS)[number];

/** Why the context's database must not be changed. */
interface Trouble {
  readonly code: Disagreement;
  readonly detail: string;
  /** The log has both histories already. What ends the fork has to get there, and whatever else does changes nothing. */
  readonly isInLog?: true;
}

export interface Guarding {
  /** Name of the context. */
  readonly module: string;
  readonly bus: Pick<Bus, 'extents' | 'read'>;
  /** The context's aggregates; each with a topic of its own. */
  readonly stores: readonly LogCompared[];
  /** Of these aggregates, where the context keeps one. */
  readonly histories: readonly RecordedTopic[];
  /** Of the context's consumer group. */
  readonly keeper: PositionKeeper;
  /** All that the group reads. */
  readonly subscriptions: readonly Pick<Subscription, 'topic' | 'read'>[];
  readonly logger: Logger;
}

/**
 * Compares a context's database with the log, at start and while the process runs, and closes the database to commands
 * and to the relay while the two disagree: one of them was restored from a backup, and each further event would make a
 * second history. Reads go on. It opens again by itself once `replay` or `republish` has put things right.
 */
export class LogGuard {
  private trouble: Trouble | undefined;
  private readonly forks: ForkWatch;
  /** Counted, so that one which arises during a comparison is not taken for explained by it. */
  private suspicions = 1;
  private explained = 0;
  private comparisons = 0;
  private hasCompared = false;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly guarding: Guarding) {
    this.forks = new ForkWatch(guarding.histories);
    for (const store of guarding.stores) store.admitIf(() => this.refuse());
  }

  /** How database and log disagree, or the log with itself; undefined where they do not. */
  get disagreement(): Disagreement | undefined {
    return this.trouble?.code;
  }

  /** Something was found that a comparison has to explain. */
  suspect(): void {
    this.suspicions += 1;
  }

  /** @throws PlatformError `unavailable` while commands are refused. */
  refuse(): void {
    if (this.trouble) throw new PlatformError('unavailable', this.trouble.code, this.trouble.detail);
  }

  /** @throws PlatformError `unavailable` while nothing may be published: each further event would make it worse. */
  refusePublishing(): void {
    if (this.trouble?.isInLog !== true) this.refuse();
  }

  /** For readiness; needed as long as there is trouble. */
  dependency(): Dependency {
    const { module } = this.guarding;
    return {
      name: `log:${module}`,
      required: () => this.trouble !== undefined,
      check: () => {
        if (this.trouble) return Promise.resolve({ up: false, detail: this.trouble.detail });
        const detail = 'the database has not been compared with the log yet';
        return Promise.resolve(this.hasCompared ? { up: true } : { up: false, detail });
      },
    };
  }

  /** Compares once. Never throws: where log or database do not answer, the last outcome stands. */
  async check(): Promise<void> {
    const { module, logger } = this.guarding;
    try {
      await withTimeout(CHECK_TIMEOUT_MS, this.compare());
    } catch (error) {
      const level = isUnavailable(error) ? 'debug' : 'warn';
      logger[level]({ err: error, module }, 'cannot compare the database with the log yet');
    }
  }

  /** Compares again and again until it is stopped. */
  start(): void {
    const { signal } = this.stopping;
    const pause = () => sleep(CHECK_INTERVAL_MS, true, { signal }).catch(() => false);
    this.running = (async () => {
      while (await pause()) await this.check();
    })();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** The topics that must not be created, though they are missing: the database has records of them. */
  async missingTopics(): Promise<readonly string[]> {
    const missing: string[] = [];
    for (const topic of this.topics) {
      if ((await this.guarding.bus.extents(topic)).length > 0) continue;
      const wasRead = (await this.guarding.keeper.look(topic)).length > 0;
      if (wasRead || (await this.storeOf(topic)?.holdsLogged())) missing.push(topic);
    }
    return missing;
  }

  private get topics(): readonly string[] {
    const { stores, subscriptions } = this.guarding;
    return [...new Set([...stores, ...subscriptions].map(({ topic }) => topic))];
  }

  private storeOf(topic: string): LogCompared | undefined {
    return this.guarding.stores.find((store) => store.topic === topic);
  }

  private async compare(): Promise<void> {
    const { suspicions } = this;
    const comparison = (this.comparisons += 1);
    const troubles: Trouble[] = [];
    for (const topic of this.topics) {
      const positions = await this.guarding.keeper.look(topic);
      const extents = await this.guarding.bus.extents(topic);
      troubles.push(...(await this.findTrouble(topic, positions, extents)));
    }
    const forks = troubles.length === 0 ? await this.forks.open() : [];
    if (forks.length > 0) troubles.push(this.forked(forks));
    // One that outlasted its time knows less than the one after it.
    if (comparison < this.comparisons) return;
    this.explained = suspicions;
    this.hasCompared = true;
    this.settle(troubles[0]);
  }

  private async findTrouble(
    topic: string,
    positions: readonly Position[],
    extents: readonly Extent[],
  ): Promise<Trouble[]> {
    const store = this.storeOf(topic);
    const lacking = this.lackingIn(topic, positions, extents);
    if (lacking !== undefined && store) return [this.ahead(topic, lacking)];
    if (lacking !== undefined && extents.length === 0) return [this.missing(topic)];
    if (!store) return [];
    const isEmpty = extents.every(({ first, end }) => first === end);
    if (isEmpty) return (await store.holdsLogged()) ? [this.ahead(topic, 'all')] : [];
    if (this.suspicions === this.explained && (this.trouble?.isInLog ?? !this.trouble)) return [];
    const found = await this.confirmed(topic, store);
    return found.length === 0 ? [] : [this.disagreeing(topic, found)];
  }

  /** How many records the log lacks of those that were read from it, at least. */
  private lackingIn(topic: string, positions: readonly Position[], extents: readonly Extent[]): number | undefined {
    const ends = new Map(extents.map(({ partition, end }) => [partition, end]));
    const short = positions.filter(({ partition, next }) => next > (ends.get(partition) ?? 0));
    if (extents.length > 0) for (const position of short) this.guarding.keeper.restartShortened(position);
    const lacking = short.reduce((sum, { partition, next }) => sum + next - (ends.get(partition) ?? 0), 0);
    const isLacking = lacking > 0 || this.guarding.keeper.evidenceOf(topic) > 0;
    return isLacking ? lacking : undefined;
  }

  private async confirmed(topic: string, store: LogCompared): Promise<readonly HeadDisagreement[]> {
    const found = await this.disagreementsOf(topic, store);
    if (found.length === 0) return found;
    await sleep(CONFIRM_AFTER_MS);
    return this.disagreementsOf(topic, store);
  }

  private async disagreementsOf(topic: string, store: LogCompared): Promise<readonly HeadDisagreement[]> {
    const events = await this.newestEvents(topic);
    const ids = [...new Set(events.map(({ subject }) => subject))];
    return disagreements(events, await store.heads(ids));
  }

  /** What nobody can read or no outbox has written says nothing of an aggregate, or any garbage would stop the context. */
  private async newestEvents(topic: string): Promise<CloudEvent[]> {
    const events: CloudEvent[] = [];
    const readings = this.guarding.subscriptions.filter((each) => each.topic === topic);
    const take = (records: readonly LoggedRecord[]) => {
      for (const record of records) {
        try {
          const event = parseCloudEvent(record);
          for (const { read } of readings) read(event, record);
          if (event.hash === hashOf(event)) events.push(event);
        } catch {
          // It went to the dead letters.
        }
      }
      return Promise.resolve();
    };
    const reading = await this.guarding.bus.read([topic], take, NEWEST);
    try {
      await reading.caughtUp();
    } finally {
      void reading.stop().catch(() => undefined);
    }
    return events;
  }

  private settle(trouble: Trouble | undefined): void {
    const { module, logger } = this.guarding;
    if (trouble?.detail !== this.trouble?.detail) {
      if (trouble) logger.error({ module, code: trouble.code }, trouble.detail);
      else logger.info({ module }, 'database and log agree again');
    }
    this.trouble = trouble;
  }

  private disagreeing(topic: string, found: readonly HeadDisagreement[]): Trouble {
    const { module } = this.guarding;
    const forked = found.find(({ kind }) => kind === 'forked');
    const example = forked ?? (found[0] as HeadDisagreement);
    const { id, stored, logged } = example;
    const such = `such as ${id} (database: version ${stored}, log: ${logged})`;
    const count = `${found.length} of the aggregates that changed last`;
    return forked
      ? {
          code: 'forked-from-the-log',
          detail:
            `database and log have different histories of ${count} in ${topic}, ${such}; ` + waysOutOfAFork(module),
        }
      : {
          code: 'behind-the-log',
          detail: `the database lacks events of ${topic}, as after a restore: ${count}, ${such}; run replay --module ${module}`,
        };
  }

  private forked(forks: readonly ForkedVersion[]): Trouble {
    const { module } = this.guarding;
    const { id, version } = forks[0] as ForkedVersion;
    const aggregates = forks.length === 1 ? '1 aggregate' : `${forks.length} aggregates`;
    return {
      code: 'forked-from-the-log',
      detail:
        `the log has two histories of ${aggregates}, such as ${id} from version ${version} on; ` +
        waysOutOfAFork(module),
      isInLog: true,
    };
  }

  private ahead(topic: string, lacking: number | 'all'): Trouble {
    const { module } = this.guarding;
    const many = lacking === 'all' ? 'all events' : lacking === 0 ? 'events' : `${lacking} records or more`;
    return {
      code: 'ahead-of-the-log',
      detail: `${topic} lacks ${many} that the database has seen in it, as after a restore of the log; run republish --module ${module}`,
    };
  }

  private missing(topic: string): Trouble {
    return {
      code: 'ahead-of-the-log',
      detail: `${topic} is missing, though this context has read it; the context that publishes it has to run republish`,
    };
  }
}

function waysOutOfAFork(module: string): string {
  return `see them with verify --module ${module}, then run replay --module ${module} --keep log|database`;
}
