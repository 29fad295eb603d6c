import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { consumerLags } from '../consuming/consumer-lag.js';
import { PendingDeadLetters } from '../consuming/pending-dead-letters.js';
import type { Positions } from '../consuming/positions.js';
import type { Subscription } from '../consuming/subscription.js';
import { topicsUsed } from '../consuming/topics-used.js';
import type { Context } from '../context/define-context.js';
import type { Connections } from '../maintenance/connections.js';
import type { Bus, Extent } from '../log/bus.js';
import { cached } from '../tools/cached.js';
import { withTimeout } from '../tools/timeout.js';
import type { CopyView } from './api.js';
import { Actions } from './actions.js';
import type { InstanceStatus } from './flow.js';
import { Jobs } from './jobs.js';
import { Instances } from './instances.js';
import type { Opening } from './show-event.js';
import type { ViewedModule } from './timeline.js';
import { FlowWatch } from './watch.js';

/** What a process states about itself, without what the console adds. */
export type OwnStatus = Pick<
  InstanceStatus,
  'status' | 'down' | 'consumers' | 'publishedBytes' | 'commands' | 'reads' | 'failures' | 'outboxes' | 'settings'
>;

/** A module of the process, with its subscriptions. */
export interface ConsumingModule extends ViewedModule {
  readonly subscriptions: readonly Subscription[];
  /** Stored in the module's own database. */
  readonly positions: Positions;
}

/** A module of the process, with counts of what is derived from the log. */
export interface OpenModule extends ConsumingModule {
  readonly connections: Connections;
  readonly countCopies: () => Promise<readonly CopyView[]>;
}

/** What the console needs of the process. */
export interface ConsoleSources {
  readonly bus: Bus;
  /** True if other processes can use the bus. */
  readonly isShared: boolean;
  readonly modules: readonly OpenModule[];
  /** All contexts of the system, whichever processes run them. */
  readonly contexts: readonly Context[];
  readonly version: string;
  readonly commit: string;
  /** Never throws, and never takes long. */
  readonly own: () => Promise<OwnStatus>;
  readonly logger: Logger;
  /** Aborted when the process stops. */
  readonly stopping: AbortSignal;
}

/** The system as the console of a process sees it. */
export interface ConsoleSystem {
  readonly bus: Bus;
  readonly modules: readonly OpenModule[];
  readonly contexts: readonly Context[];
  readonly version: string;
  /** Topics with events of aggregates. */
  readonly topics: readonly string[];
  /** Every topic of the system. */
  readonly allTopics: readonly string[];
  readonly opening: Omit<Opening, 'mayOpen'>;
  readonly watch: FlowWatch;
  readonly instances: Instances;
  readonly actions: Actions;
  readonly jobs: Jobs;
}

/** Milliseconds between two counts of documents. */
const COUNT_INTERVAL_MS = 5_000;
const COUNT_TIMEOUT_MS = 2_000;

/** Connects the parts of the console to a process. */
export function consoleSystem(sources: ConsoleSources): ConsoleSystem {
  const { bus, isShared, modules, contexts, version, commit, own, logger, stopping } = sources;
  const started = { id: randomUUID(), name: hostname(), startedAt: new Date().toISOString() };
  const actions = new Actions({ bus, stopping, logger });
  const jobs = new Jobs({ actions, bus, isShared, logger, stopping, instance: started.name });
  const countCopies = everyFewSeconds(async () =>
    (await Promise.all(modules.map((each) => each.countCopies()))).flat(),
  );
  const instances = new Instances({
    ...{ bus, isShared, logger, id: started.id },
    own: async () => ({
      ...started,
      ...{ modules: modules.map(({ module }) => module), version, commit },
      ...(await own()),
      // After the counts, whose rates it decides.
      at: new Date().toISOString(),
      memoryBytes: process.memoryUsage.rss(),
      copies: await countCopies(),
      jobs: jobs.views,
    }),
  });
  const published = contexts.flatMap(({ events }) => events.publishes);
  const reads = contexts.flatMap(({ events }) => events.reads);
  const topics = published.map(({ topic }) => topic);
  const watched = [...new Set([...topics, ...reads.map(({ topic }) => topic)])];
  // Each context by itself: a process may not be allowed to ask for another's offsets.
  const lags = contexts.map(({ events }) => consumerLags(bus, events.reads));
  const pending = new PendingDeadLetters(bus, reads);
  const extents = watched.map((topic) => lastKnown(topic, bus));
  const sample = async () => {
    const [all, extentsOfAll, lagsOfAll, deadLetters] = await Promise.all([
      instances.all(),
      Promise.all(extents.map((each) => each())),
      Promise.all(lags.map((each) => each())),
      pending.counts(),
    ]);
    return { at: Date.now(), instances: all, extents: new Map(extentsOfAll), lags: lagsOfAll.flat(), deadLetters };
  };
  const keys = contexts.flatMap(({ events }) => events.keys);
  return {
    ...{ bus, modules, contexts, version, topics, instances },
    allTopics: topicsUsed(published, reads, keys).map(({ topic }) => topic),
    opening: {
      streams: published,
      openWith: (topic) => modules.map(({ views }) => views.openWith(topic)).find((open) => open !== undefined),
    },
    watch: new FlowWatch({ sample, logger }),
    actions,
    jobs,
  };
}

/** Counts are slow on large collections: nobody waits for more than the first, and they take a fiftieth of the time. */
function everyFewSeconds<T>(count: () => Promise<readonly T[]>): () => Promise<readonly T[]> {
  let [latest, goodUntil]: [readonly T[] | undefined, number] = [undefined, 0];
  return async () => {
    if (performance.now() >= goodUntil) {
      const startedAt = performance.now();
      goodUntil = Infinity;
      const counting = count()
        .then((counted) => (latest = counted))
        .catch(() => undefined)
        .finally(() => {
          const now = performance.now();
          goodUntil = now + Math.max(COUNT_INTERVAL_MS, 50 * (now - startedAt));
        });
      if (!latest) await withTimeout(COUNT_TIMEOUT_MS, counting).catch(() => undefined);
    }
    return latest ?? [];
  };
}

/** While Kafka does not answer, a topic ends where it ended. The returned function never throws, and never takes long. */
function lastKnown(topic: string, bus: Bus): () => Promise<readonly [string, readonly Extent[]]> {
  // New for each sample: what is published must be seen within a second.
  const ask = cached(() => bus.extents(topic), 0);
  let latest: readonly Extent[] = [];
  return async () => {
    latest = (await ask()) ?? latest;
    return [topic, latest];
  };
}
