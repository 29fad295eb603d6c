import type { Checkpoint } from '../checkpoints/checkpoint.js';
import { type Compared, keepCheckpoint } from '../checkpoints/keep-checkpoint.js';
import { LinksSince } from '../checkpoints/links-since.js';
import { type OpenedCheckpoint, openCheckpoint } from '../checkpoints/open-checkpoint.js';
import type { EmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedHeads } from '../embedded/heads.js';
import { EmbeddedLinks } from '../embedded/links.js';
import type { Fault } from '../rebuilding/chain.js';
import { placeOf } from '../rebuilding/links.js';
import type { Replayable } from '../rebuilding/replayable.js';
import { isShredded } from '../privacy/data-key.js';
import { PlatformError } from '../tools/errors.js';
import type { Connections } from './connections.js';
import type { RebuildableContext } from './rebuild-context.js';

/** The module's newest checkpoint, and the links of what came after it. */
export interface Since {
  readonly opened: OpenedCheckpoint;
  readonly links: LinksSince;
}

/**
 * Opens the module's newest checkpoint.
 * @param scratch empty; has room for a line for each aggregate
 * @throws PlatformError `rejected` when there is none that can be used, `unavailable`
 */
export async function openSince(
  { context, bus, database }: Connections,
  { live, ring }: RebuildableContext,
  scratch: EmbeddedDatabase,
): Promise<Since> {
  if (!ring) throw new PlatformError('rejected', 'no-checkpoint', 'without a master key there are no checkpoints');
  const heads = new EmbeddedHeads(scratch.level);
  const place = { context: context.name, bus, topics: topicsOf(live.replayable), heads };
  const opened = await openCheckpoint(database.checkpoints, ring, place);
  return { opened, links: new LinksSince(heads, new EmbeddedLinks(scratch.level)) };
}

/** Tells of persons who were erased before the checkpoint, so that the loss of their keys is no fault. */
export async function forgiveErased({ live, keysOf }: RebuildableContext): Promise<void> {
  for (const { topic, source } of live.keys) {
    const lost = [...keysOf(topic).lost];
    const stored = await source.find(lost);
    keysOf(topic).erased(lost.filter((person) => isShredded(stored.get(person))));
  }
}

/** Returns the topics that a comparison with the log reads. */
export function topicsOf({ projections }: Replayable): readonly string[] {
  return projections.map(({ topic }) => topic);
}

/** Keeps a checkpoint of a module; undefined if there is no master key, or if the database does not take it. */
export async function keepIfPossible(
  { database, logger }: Connections,
  { ring }: RebuildableContext,
  compared: Compared,
): Promise<Checkpoint | undefined> {
  if (!ring) return undefined;
  try {
    return await keepCheckpoint(database.checkpoints, ring, compared);
  } catch (error) {
    compared.signal.throwIfAborted();
    // What was found right is so without a checkpoint, too. The user of the database may be permitted only to read.
    logger.error({ err: error }, 'no checkpoint was kept');
    return undefined;
  }
}

/**
 * Returns a fault for each of the module's own events of a version from before the checkpoint, unless it is the one that
 * the history has: a relay that is killed may publish an event twice.
 */
export async function* faultsOfRepeated(links: LinksSince, { systemsOfRecord }: Replayable): AsyncGenerator<Fault> {
  for await (const link of links.repeated()) {
    const own = systemsOfRecord.find(({ stream }) => stream.topic === link.topic);
    if (!own) continue;
    const entry = await own.recorded?.history.find(link.id, link.version);
    if (entry && entry.hash === link.hash) continue;
    const what = 'of a version from before the checkpoint: only verify of the whole log can tell whether it is right';
    yield { where: placeOf(link), what };
  }
}
