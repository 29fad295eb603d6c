import type { Database } from '../context/database.js';
import type { NextRecord, PartitionsByTopic } from '../log/bus.js';
import type { StoredKey } from '../privacy/data-key.js';
import type { AllKeys } from '../privacy/keys-of-log.js';
import type { Link } from '../rebuilding/links.js';
import { LogProjector } from '../rebuilding/projector.js';
import { newestStates } from '../rebuilding/replay.js';
import { type RebuildScope, replayableOf } from '../rebuilding/replayable.js';
import type { Called } from '../tools/thread-calls.js';
import { type Connections, privacyOf } from './connections.js';
import { type Finding, findingOfRefused } from './findings.js';

/** The part of a rebuild that one worker does. */
export interface RebuildPart {
  /** Name of the rebuild, by which its new collections are opened. */
  readonly rebuild: string;
  readonly only: RebuildScope | undefined;
  readonly partitions: PartitionsByTopic;
}

/** What workers call in the thread that has begun the rebuild: the keys and the links of all of them are there. */
export interface Coordinating {
  findKeys(topic: string, persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>>;
  /** Finds keys that were not there before. Tells, too, which of these persons have none anywhere. */
  findNewKeys(topic: string, persons: readonly string[]): Promise<NewKeys>;
  findRemovedKeys(topic: string, persons: readonly string[]): Promise<ReadonlySet<string>>;
  dropErased(topic: string, persons: ReadonlyMap<string, string>): Promise<void>;
  addLinks(links: readonly Link[]): Promise<void>;
  removeLinks(links: readonly Link[]): Promise<void>;
  found(finding: Finding): void;
  report(progress: LogProjector['progress']): void;
}

interface NewKeys {
  readonly found: ReadonlyMap<string, StoredKey>;
  readonly lost: readonly string[];
}

/** Interval at which a worker reports its progress. */
const REPORT_MS = 250;

/**
 * Fills the new collections of a rebuild from some partitions.
 * @returns where the reading of each partition can go on
 * @throws PlatformError `unavailable`, and the signal's reason
 */
export async function rebuildPart(
  connections: Connections,
  { rebuild, only, partitions }: RebuildPart,
  coordinator: Called<Coordinating>,
  signal: AbortSignal,
): Promise<readonly NextRecord[]> {
  const { context, bus, logger } = connections;
  const privacy = await privacyOf(connections);
  const keys = new Map(context.events.keys.map((topic) => [topic, keysFrom(coordinator, topic)]));
  const allKeys = (topic: string) => keys.get(topic) as AllKeys;
  const database = connections.database.joinRebuild?.(rebuild) as Database;
  const opened = context.open(database, { stopping: signal, privacy: privacy && { ...privacy, allKeys } });
  const target = replayableOf(opened, only);
  const links = { add: coordinator.addLinks, remove: coordinator.removeLinks };
  const projector = await LogProjector.start(bus, target, {
    ...{ signal, from: { partitions }, ...newestStates(links, target) },
    onRefused: (refused) => void coordinator.found(findingOfRefused(refused)),
    onFailure: (error) => logger.warn({ err: error }, 'database unavailable; retrying'),
  });
  const reporting = setInterval(() => void coordinator.report(projector.progress), REPORT_MS);
  try {
    await projector.caughtUp();
    const reached = await projector.finish();
    await coordinator.report(projector.progress);
    return reached;
  } finally {
    clearInterval(reporting);
    await projector.stop();
  }
}

/** The keys of a topic, which the coordinator has read. */
function keysFrom(coordinator: Called<Coordinating>, topic: string): AllKeys {
  const lost = new Set<string>();
  return {
    lost,
    copies: {
      find: (persons) => coordinator.findKeys(topic, persons),
      removed: (persons) => coordinator.findRemovedKeys(topic, persons),
      shred: (persons) => coordinator.dropErased(topic, persons),
    },
    find: async (persons) => {
      const found = await coordinator.findNewKeys(topic, persons);
      for (const person of found.lost) lost.add(person);
      return found.found;
    },
    erased: (persons) => {
      for (const person of persons) lost.delete(person);
    },
    takePublished: () => Promise.resolve(new Set()),
  };
}
