import type { Logger } from 'pino';
import type { ConsumerView } from '../console/api.js';
import type { ConsoleSources, OwnStatus } from '../console/console-system.js';
import type { Database } from '../context/database.js';
import type { Context } from '../context/define-context.js';
import type { Privacy } from '../context/person-keys.js';
import type { OpenContext } from '../context/open-context.js';
import type { Bus, RunningConsumer } from '../log/bus.js';
import { type Config, isEmbedded, settingNames } from '../operating/config/config.js';
import { maskValue } from '../operating/config/mask.js';
import type { Health } from '../operating/health.js';
import type { Metrics } from '../operating/metrics/metrics.js';
import { cached } from '../tools/cached.js';
import { readBuildInfo } from './build-info.js';
import type { Messaging } from './messaging.js';

/** The parts of a process that the console shows. */
export interface ProcessParts {
  readonly config: Config;
  readonly members: readonly (OpenContext & { readonly context: Context; readonly database: Database })[];
  readonly allContexts: readonly Context[];
  readonly bus: Bus;
  readonly privacy: Privacy;
  readonly messaging: Messaging;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Aborted when the process stops. */
  readonly stopping: AbortSignal;
}

/** Returns what the console shows of a process. */
export function consoleSourcesOf(parts: ProcessParts): ConsoleSources {
  const { config, members, allContexts: contexts, bus, logger, privacy, stopping } = parts;
  const { version, commit } = readBuildInfo();
  const latest = cached(() => ownStatus(parts));
  return {
    ...{ bus, contexts, version, commit, logger, stopping, isShared: !isEmbedded(config) },
    modules: members.map(({ context, views, replayable, subscriptions, database }) => ({
      ...{ module: context.name, views, subscriptions, positions: database.positions },
      connections: { context, bus, database, logger, openPrivacy: () => Promise.resolve(privacy) },
      countCopies: () =>
        Promise.all(
          replayable.collections.map(async (each) => ({
            ...{ module: context.name, collection: each.collection },
            documents: await each.count('estimated'),
          })),
        ),
    })),
    // The counts are of now: rates are their differences.
    own: async () => ({ ...((await latest()) ?? UNKNOWN), ...countsOf(parts) }),
  };
}

/** While a dependency takes long to answer. */
const UNKNOWN = { status: 'not-ready', down: {}, consumers: [], outboxes: [], settings: {} } as const;

async function ownStatus(parts: ProcessParts): Promise<Omit<OwnStatus, keyof ReturnType<typeof countsOf>>> {
  const { config, members, messaging, health } = parts;
  const [readiness, outboxes] = await Promise.all([health.readiness(), messaging.reportBacklogs()]);
  const down = Object.entries(readiness.dependencies).filter(([, { up }]) => !up);
  const names = settingNames(members.map(({ context }) => context.name));
  const settings = names.flatMap((name) => {
    const value = config[name as keyof Config];
    return value === undefined ? [] : [[name, maskValue(name, value)] as const];
  });
  return {
    ...{ status: readiness.status, outboxes },
    down: Object.fromEntries(down.map(([name, { detail }]) => [name, detail ?? 'down'])),
    consumers: messaging.members().map(({ group, consumer }) => toConsumer(group, consumer)),
    settings: Object.fromEntries(settings),
  };
}

function toConsumer(group: string, consumer: RunningConsumer): ConsumerView {
  const { up: isUp, detail } = consumer.health();
  const partitions = Object.fromEntries(consumer.assignment());
  return { group, partitions, restarts: consumer.restarts, isUp, ...(detail !== undefined && { detail }) };
}

function countsOf({ metrics }: ProcessParts) {
  const { commands, reads, failures } = metrics.answered;
  return { commands, reads, failures, publishedBytes: Object.fromEntries(metrics.messaging.bytesByTopic) };
}
