import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { LogCompared } from '../aggregate/aggregates.js';
import type { Bus, Extent, LoggedRecord } from '../log/bus.js';
import { isUnavailable, PlatformError } from '../tools/errors.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { intactEvents } from './intact-events.js';
import type { Dependency } from '../tools/dependency.js';
import type { ForkedVersion } from '../views/history.js';
import type { Subscription } from '../consuming/subscription.js';
import { withTimeout } from '../tools/timeout.js';
import { disagreements, type HeadDisagreement } from './compare-heads.js';
import { ForkWatch, type RecordedTopic } from './fork-watch.js';
import type { PositionKeeper } from '../consuming/position-keeper.js';
import type { Position } from '../log/position.js';

/** Newest records of each partition that are compared with the database. */
const NEWEST = 100;
const CHECK_INTERVAL_MS = 5_000;
/** A check that takes longer counts as unanswered. */
const CHECK_TIMEOUT_MS = 15_000;
/** Delay before a disagreement is confirmed: during a failover the database may briefly show an older state. */
const CONFIRM_AFTER_MS = 500;

/** How database and log can disagree. Refused commands have the same codes. */
export const DISAGREEMENTS = ['behind-the-log', 'ahead-of-the-log', 'forked-from-the-log'] as const;
export type Disagreement = (typeof DISAGREEMENTS)[number];

/** Why commands are refused. */
interface Trouble {
  readonly code: Disagreement;
  readonly detail: string;
  /**
   * The log has both histories already. Publishing stays open, because the event that resolves the fork must get there.
   */
  readonly isInLog?: true;
}

export interface LogGuardOptions {
  /** Name of the context. */
  readonly module: string;
  readonly bus: Pick<Bus, 'extents' | 'read'>;
  /** The stores of the context's aggregates, one topic each. */
  readonly stores: readonly LogCompared[];
  /** The histories that the context keeps of these aggregates. */
  readonly histories: readonly RecordedTopic[];
  /** The positions of the context's consumer group. */
  readonly keeper: PositionKeeper;
  /** What a replay applies, by topic. A record that it could not apply is no evidence against the database. */
  readonly projections: readonly Pick<Subscription, 'topic' | 'open' | 'read' | 'readSealed'>[];
  /** Topics of keys that the context copies. Nothing is compared with them, but they are read again after a restore. */
  readonly copied: readonly string[];
  readonly logger: Logger;
}

/**
 * Compares a context's database with the log, at start and while the process runs. While they disagree, it refuses
 * commands and publishing: one of the two was restored from a backup, and each new event would extend a second history.
 * Reads continue. It accepts commands again by itself after `replay` or `republish` has repaired the difference.
 */
export class LogGuard {
  private trouble: Trouble | undefined;
  private readonly forks: ForkWatch;
  /** A counter, so that a suspicion raised during a comparison is not cleared by that comparison. */
  private suspicions = 1;
  private explained = 0;
  private comparisons = 0;
  private hasCompared = false;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: LogGuardOptions) {
    this.forks = new ForkWatch(options.histories);
    for (const store of options.stores) store.admitIf(() => this.refuse());
  }

  /** The current disagreement between database and log, or within the log; undefined when there is none. */
  get disagreement(): Disagreement | undefined {
    return this.trouble?.code;
  }

  /** Requests a full comparison: a caller has found something suspicious. */
  suspect(): void {
    this.suspicions += 1;
  }

  /** @throws PlatformError `unavailable` while commands are refused. */
  refuse(): void {
    if (this.trouble) throw new PlatformError('unavailable', this.trouble.code, this.trouble.detail);
  }

  /** @throws PlatformError `unavailable` while publishing is refused: each new event would extend a second history. */
  refusePublishing(): void {
    if (this.trouble?.isInLog !== true) this.refuse();
  }

  /** The readiness check. It is required only while database and log disagree. */
  dependency(): Dependency {
    const { module } = this.options;
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

  /** Compares once. Never throws: if log or database do not answer, the last result stays valid. */
  async check(): Promise<void> {
    const { module, logger } = this.options;
    try {
      await withTimeout(CHECK_TIMEOUT_MS, this.compare());
    } catch (error) {
      const level = isUnavailable(error) ? 'debug' : 'warn';
      logger[level]({ err: error, module }, 'cannot compare the database with the log yet');
    }
  }

  /** Compares periodically until it is stopped. */
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

  /** Missing topics that must not be created: the database has data from them, so their records are lost. */
  async missingTopics(): Promise<readonly string[]> {
    const missing: string[] = [];
    for (const topic of this.topics) {
      if ((await this.options.bus.extents(topic)).length > 0) continue;
      const wasRead = (await this.options.keeper.look(topic)).length > 0;
      if (wasRead || (await this.storeOf(topic)?.holdsLogged())) missing.push(topic);
    }
    return missing;
  }

  private get topics(): readonly string[] {
    const { stores, projections } = this.options;
    return [...new Set([...stores, ...projections].map(({ topic }) => topic))];
  }

  private storeOf(topic: string): LogCompared | undefined {
    return this.options.stores.find((store) => store.topic === topic);
  }

  private async compare(): Promise<void> {
    const { suspicions } = this;
    const comparison = (this.comparisons += 1);
    const troubles: Trouble[] = [];
    for (const topic of this.topics) {
      const positions = await this.options.keeper.look(topic);
      const extents = await this.options.bus.extents(topic);
      troubles.push(...(await this.findTrouble(topic, positions, extents)));
    }
    for (const topic of this.options.copied) {
      this.lackingIn(topic, await this.options.keeper.look(topic), await this.options.bus.extents(topic));
    }
    const forks = troubles.length === 0 ? await this.forks.open() : [];
    if (forks.length > 0) troubles.push(this.forked(forks));
    // A later comparison has finished first; its result is newer.
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

  /** The minimum number of records that were read earlier and that the log now lacks; undefined when it lacks none. */
  private lackingIn(topic: string, positions: readonly Position[], extents: readonly Extent[]): number | undefined {
    const ends = new Map(extents.map(({ partition, end }) => [partition, end]));
    const short = positions.filter(({ partition, next }) => next > (ends.get(partition) ?? 0));
    if (extents.length > 0) for (const position of short) this.options.keeper.restartShortened(position);
    const lacking = short.reduce((sum, { partition, next }) => sum + next - (ends.get(partition) ?? 0), 0);
    const isLacking = lacking > 0 || this.options.keeper.evidenceOf(topic) > 0;
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

  /** Ignores all but intact events: otherwise any garbage record would stop the context. */
  private async newestEvents(topic: string): Promise<CloudEvent[]> {
    const events: CloudEvent[] = [];
    const projections = this.options.projections.filter((each) => each.topic === topic);
    const take = async (records: readonly LoggedRecord[]) => {
      for (const record of records) {
        events.push(...(await intactEvents(record, projections)));
      }
    };
    const reader = await this.options.bus.read([topic], take, { newest: NEWEST });
    try {
      await reader.caughtUp();
    } finally {
      void reader.stop().catch(() => undefined);
    }
    return events;
  }

  private settle(trouble: Trouble | undefined): void {
    const { module, logger } = this.options;
    if (trouble?.detail !== this.trouble?.detail) {
      if (trouble) logger.error({ module, code: trouble.code }, trouble.detail);
      else logger.info({ module }, 'database and log are consistent again');
    }
    this.trouble = trouble;
  }

  private disagreeing(topic: string, found: readonly HeadDisagreement[]): Trouble {
    const { module } = this.options;
    const forked = found.find(({ kind }) => kind === 'forked');
    const { id, stored, logged } = forked ?? (found[0] as HeadDisagreement);
    const example = `such as ${id} (version ${stored} in the database, ${logged} in the log)`;
    const count = `${found.length} of the most recently changed aggregates`;
    return forked
      ? {
          code: 'forked-from-the-log',
          detail:
            `database and log have different histories of ${count} in ${topic}, ${example}; ` + forkRemedy(module),
        }
      : {
          code: 'behind-the-log',
          detail: `the database is behind ${topic} for ${count}, ${example}; if it was restored, run replay --module ${module}`,
        };
  }

  private forked(forks: readonly ForkedVersion[]): Trouble {
    const { module } = this.options;
    const { id, version } = forks[0] as ForkedVersion;
    const aggregates = forks.length === 1 ? '1 aggregate' : `${forks.length} aggregates`;
    return {
      code: 'forked-from-the-log',
      detail:
        `the log has two histories of ${aggregates}, such as ${id} from version ${version} on; ` + forkRemedy(module),
      isInLog: true,
    };
  }

  private ahead(topic: string, lacking: number | 'all'): Trouble {
    const { module } = this.options;
    const many = lacking === 'all' ? 'all events' : lacking === 0 ? 'events' : `at least ${lacking} records`;
    return {
      code: 'ahead-of-the-log',
      detail: `${topic} lacks ${many} that the database has; if the log was restored, run republish --module ${module}`,
    };
  }

  private missing(topic: string): Trouble {
    return {
      code: 'ahead-of-the-log',
      detail: `${topic} is missing, but this context has read it before; run republish for the module that publishes it`,
    };
  }
}

function forkRemedy(module: string): string {
  return `list them with verify --module ${module}, then run replay --module ${module} --keep log|database`;
}
