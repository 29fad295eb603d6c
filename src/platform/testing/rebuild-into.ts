import type { Bus, PartitionsByTopic } from '../log/bus.js';
import { openEmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedLinks } from '../embedded/links.js';
import type { AuditedDocument } from '../rebuilding/auditable.js';
import type { LateLimits } from '../rebuilding/late-states.js';
import type { Link } from '../rebuilding/links.js';
import { LogProjector, type ProjectorOptions } from '../rebuilding/projector.js';
import { fill, newestStates } from '../rebuilding/replay.js';
import type { Replayable, RebuildScope } from '../rebuilding/replayable.js';
import { after, divideLog } from '../rebuilding/shares.js';

/** What a replay rebuilds, and how it reads. */
export interface ReplayScope {
  readonly only?: RebuildScope | undefined;
  /** Records of a window, if the log is read in windows. */
  readonly window?: number;
  /** Of the states that are kept back. */
  readonly limits?: LateLimits;
  /** Number of readers at the same time, each of some of the partitions. Undefined: one reader of them all. */
  readonly workers?: number | undefined;
}

/** What a rebuild has made of the log. */
export interface Rebuilt {
  /** By the name of the live collection. */
  readonly documents: Readonly<Record<string, readonly AuditedDocument[]>>;
  readonly links: readonly Link[];
  /** Records that cannot be applied. */
  readonly refused: readonly string[];
}

/**
 * Fills collections from the log, and returns their documents and the links of the log.
 * @param open opens the collections, once for each reader
 * @param scope undefined: applies every event, one after the other, in order
 * @param meanwhile runs when the first readers have begun
 */
export async function rebuildInto(
  open: () => Replayable,
  bus: Bus,
  scope: ReplayScope | undefined,
  meanwhile: () => Promise<void>,
): Promise<Rebuilt> {
  const target = open();
  const scratch = await openEmbeddedDatabase('memory');
  const links = new EmbeddedLinks(scratch.level);
  const { observe, newestOnly } = newestStates(links, target);
  const { window, workers } = scope ?? {};
  const refused = new Set<string>();
  const options: ProjectorOptions = {
    ...{ signal: new AbortController().signal, observe },
    onRefused: ({ record: { topic, partition, offset } }) => refused.add(`${topic}/${partition}/${offset}`),
    ...(scope && { newestOnly: { ...newestOnly, ...(window !== undefined && { window }) } }),
  };
  const fillShare = async (partitions: PartitionsByTopic) => {
    const part = await LogProjector.start(bus, open(), { ...options, from: { partitions } });
    await part.caughtUp();
    return part.finish();
  };
  const topics = target.newestOnly.map(({ topic }) => topic);
  const filling = Promise.all((await divideLog(bus, topics, workers ?? 0)).map(fillShare));
  if (workers !== undefined) await meanwhile();
  const from = { startAt: after((await filling).flat()) };
  const projector = await LogProjector.start(bus, target, { ...options, from });
  try {
    if (workers === undefined) await meanwhile();
    await fill(target, projector);
    const documents: Record<string, AuditedDocument[]> = {};
    for (const each of target.collections) {
      const name = each.collection.replace(/\.rebuild-.*/, '');
      documents[name] = [];
      for await (const document of each.documents()) documents[name].push(document);
    }
    const chain: Link[] = [];
    for await (const link of links.all()) chain.push(link);
    return { documents, links: chain, refused: [...refused].sort() };
  } finally {
    await projector.stop();
    await scratch.close();
  }
}
