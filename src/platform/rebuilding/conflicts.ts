import type { Head } from '../aggregate/aggregates.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { standsForLost } from '../event/extensions.js';
import { eventOf } from '../aggregate/pending-event.js';
import { paired } from '../tools/iterate.js';
import { type Gap, gapsIn, hasRivals, mainLine, unresolved, variantsOf } from './branches.js';
import { byAggregate, compareIds, type Link, type Links } from './links.js';
import type { SystemOfRecord } from './replayable.js';

/** An aggregate whose stored state does not follow from the log. */
export interface Conflict {
  readonly topic: string;
  readonly id: string;
  /**
   * `ahead`: the log lacks the newest versions. `fork`: log and store have different histories. `behind`: the store lacks
   * versions that it had when a checkpoint was kept.
   */
  readonly kind: 'ahead' | 'fork' | 'behind';
  /** Its head in the store; undefined when the store has none. */
  readonly head: Head | undefined;
  /** Its newest logged event; undefined when there is none. */
  readonly logged: Link | undefined;
  /** Versions in between that the history has and the log lacks. */
  readonly missing?: Pick<Gap, 'from' | 'to'>;
}

/** An aggregate that needs a closer comparison. */
export interface Suspect {
  readonly id: string;
  /** Versions known to be lost from the log. */
  readonly lost: readonly Gap[];
  readonly isSuspect: boolean;
}

/** What a walk through store and log tells on the way. */
export interface OnSeen {
  /** Called for every aggregate of the store. */
  readonly onHead?: () => void;
  /** Called with the newest event of every aggregate of the log, in order of the ids. */
  readonly onLogged?: (newest: Link) => Promise<void>;
}

/** The same, and what is found out about the log. */
export interface OnCompared extends OnSeen {
  /** Called with versions known to be lost from the log. */
  readonly onLost?: (id: string, gaps: readonly Gap[]) => Promise<void>;
}

const BATCH_SIZE = 2_000;

/**
 * Compares the heads of a store with the log while both may change.
 * @param catchUp resolves when `links` has every record that was in the log at the time of the call
 */
export async function* conflicts(
  system: SystemOfRecord,
  links: Links,
  catchUp: () => Promise<void>,
  { onLost, ...seen }: OnCompared = {},
): AsyncGenerator<Conflict> {
  let batch: string[] = [];
  for await (const { id, lost, isSuspect } of suspects(system, links, seen)) {
    if (lost.length > 0) await onLost?.(id, lost);
    if (isSuspect) batch.push(id);
    if (batch.length < BATCH_SIZE) continue;
    yield* await conflictsAt(batch, system, links, catchUp);
    batch = [];
  }
  yield* await conflictsAt(batch, system, links, catchUp);
}

/** Compares only these aggregates. */
export async function conflictsAt(
  ids: readonly string[],
  { stream: { topic }, store, recorded }: SystemOfRecord,
  links: Links,
  catchUp: () => Promise<void> = () => Promise.resolve(),
): Promise<readonly Conflict[]> {
  if (ids.length === 0) return [];
  // Read the store before the log: events that are no longer pending then are in the log.
  const heads = new Map((await store.heads(ids)).map((head) => [head.id, head]));
  const pending = new Map<string, readonly CloudEvent[]>();
  for await (const unlogged of store.unlogged(ids)) pending.set(unlogged.id, unlogged.pending.map(eventOf));
  await catchUp();
  const all = await Promise.all(
    ids.map(async (id): Promise<Conflict | undefined> => {
      const own = await links.of(topic, id);
      const [head, logged] = [heads.get(id), mainLine(own).at(-1)];
      const conflict = { topic, id, head, logged };
      const kind = conflictKind(head, pending.get(id) ?? [], own);
      if (kind === 'ahead' && logged && recorded && (await isOtherBranch(logged, recorded.history))) {
        return { ...conflict, kind: 'fork' };
      }
      if (kind) return { ...conflict, kind };
      const missing = await firstRecorded(gapsIn(mainLine(own)), id, recorded?.history);
      return missing && { ...conflict, kind: 'ahead', missing };
    }),
  );
  return all.flatMap((conflict) => conflict ?? []);
}

/** True when the history has a different event for the version of the newest logged event. */
async function isOtherBranch({ id, version, hash }: Link, history: Recorded['history']): Promise<boolean> {
  const row = await history.find(id, version);
  return row !== undefined && row.hash !== hash;
}

type Recorded = NonNullable<SystemOfRecord['recorded']>;

/** The first gap that is not known yet and that the history can fill, at least in part. */
async function firstRecorded(
  gaps: readonly Gap[],
  id: string,
  history: Recorded['history'] | undefined,
): Promise<Gap | undefined> {
  for (const gap of gaps) {
    if (gap.isKnown) continue;
    const [row] = (await history?.page(id, gap.from - 1, 1)) ?? [];
    if (row && row.version <= gap.to) return gap;
  }
  return undefined;
}

/**
 * Walks through the store and the log together, in id order. Yields the aggregates that need a closer comparison.
 */
export async function* suspects(
  { stream: { topic }, store }: SystemOfRecord,
  links: Links,
  { onHead, onLogged }: OnSeen = {},
): AsyncGenerator<Suspect> {
  const logged = byAggregate(links.all(topic));
  const byIds = (head: Head, own: readonly Link[]) => compareIds(head.id, (own[0] as Link).id);
  for await (const [head, own] of paired(store.allHeads(), logged, byIds)) {
    const suspect = suspectOf(head, own);
    if (suspect) yield suspect;
    if (head) onHead?.();
    const newest = own && mainLine(own).at(-1);
    if (newest) await onLogged?.(newest);
  }
}

function suspectOf(head: Head | undefined, own: readonly Link[] | undefined): Suspect | undefined {
  const [first] = own ?? [];
  if (!own || !first) return head && { id: head.id, lost: [], isSuspect: true };
  const unread = first.fromCheckpoint ? first.version - 1 : 0;
  const isWhole = own.at(-1)?.version === unread + own.length && !hasRivals(own);
  const isOnChain = head
    ? own.some(({ version, hash }) => version === head.version && hash === head.hash)
    : !first.fromCheckpoint;
  if (isWhole && isOnChain) return undefined;
  const gaps = gapsIn(mainLine(own));
  return {
    id: first.id,
    lost: gaps.filter(({ isKnown }) => isKnown),
    isSuspect: !isOnChain || hasRivals(own) || gaps.some(({ isKnown }) => !isKnown),
  };
}

/** A position in an aggregate's hash chain. */
interface ChainPosition {
  readonly version: number;
  readonly hash?: string | undefined;
}

/**
 * Compares an aggregate of the store with the log. Returns `ahead` when the log lacks its newest versions, `fork` when
 * they have different histories, `behind` when it is older than a checkpoint, and undefined when the log and the pending
 * events lead to its state or beyond.
 * @param head undefined when the store has no such aggregate
 * @param pending the pending events of the aggregate, oldest first
 * @param links the logged events of the aggregate
 */
function conflictKind(
  head: Head | undefined,
  pending: readonly CloudEvent[],
  links: readonly Link[],
): Conflict['kind'] | undefined {
  if (unresolved(links).length > 0) return 'fork';
  const [first] = links;
  if (first?.fromCheckpoint && first.version > (head?.version ?? 0)) return 'behind';
  if (!head) return undefined;
  const logged = variantsOf(links);
  const isLogged = (place: ChainPosition) =>
    logged.some(({ version, hash }) => version === place.version && hash === place.hash);
  const newest = links.at(-1)?.version ?? 0;
  let at: ChainPosition = head;
  while (!isLogged(at)) {
    const event = pending.find(({ sequence, hash }) => Number(sequence) === at.version && hash === at.hash);
    if (!event) return at.version > newest ? 'ahead' : 'fork';
    // A stand-in event replaces the lost events before it.
    if (standsForLost(event)) return undefined;
    at = { version: at.version - 1, hash: event.prevhash };
    if (at.version === 0) return newest === 0 ? undefined : 'fork';
  }
  return at === head || at.version === newest ? undefined : 'fork';
}
