import type { Aggregate, Restorable, Unlogged, Unpublished } from '../aggregate/aggregates.js';
import type { StateChange } from '../views/read-own-events.js';
import type { LogProjector } from './projector.js';
import { endingOf, type Fork, forkOf, type GivenUp, givenUpBy, type Keep } from './forks.js';
import { type Conflict, conflicts, conflictsAt } from './conflicts.js';
import { type Gap, tips } from './branches.js';
import type { Link, Links } from './links.js';
import type { SystemOfRecord } from './replayable.js';
import type { RestoredStates } from './restored-states.js';
import { isShredded } from '../privacy/data-key.js';
import { findWithPending } from './stored-with-pending.js';

const BATCH_SIZE = 500;

/** The options and callbacks of a takeover. */
export interface TakeoverOptions {
  /** The links of the context's own aggregates, as read by the projector. */
  readonly links: Links;
  /** Permits the loss of data that the log lacks. */
  readonly mayLose?: boolean;
  /** Which branch to keep of an aggregate with two histories. */
  readonly keep?: Keep;
  /** Called for every conflict, including those that `mayLose` or `keep` resolves. */
  readonly onConflict?: (conflict: Conflict) => void;
  /** Stores the data of a discarded branch. Resolves when the data is durable. */
  readonly onGivenUp?: (givenUp: GivenUp) => Promise<void>;
}

/** The takeover of one aggregate type by a replay. */
export class AggregateTakeover {
  /** Aggregates with two histories, by id. */
  private readonly forks = new Map<string, Fork>();
  /** Aggregates ahead of the log that may be lost. */
  private readonly losable = new Set<string>();
  private changes: ReadonlyMap<string, StateChange<Aggregate>> = new Map();
  private unpublished: readonly Unpublished[] = [];

  constructor(
    readonly live: SystemOfRecord,
    readonly target: SystemOfRecord,
    private readonly index: number,
    private readonly projector: LogProjector,
    private readonly options: TakeoverOptions,
  ) {}

  /**
   * Compares the whole store with the log. Returns the number of unresolved conflicts.
   * @param restored is compared on the way
   */
  async countConflicts(restored?: RestoredStates): Promise<number> {
    const { live, projector, options } = this;
    let conflictCount = 0;
    const onLost = (id: string, gaps: readonly Gap[]) => this.copyHistory(id, gaps);
    const told = { onLost, ...(restored && { onLogged: (newest: Link) => restored.compare(newest) }) };
    for await (const conflict of conflicts(live, options.links, () => projector.caughtUp(), told)) {
      if (!(await this.accept(conflict))) conflictCount += 1;
    }
    return conflictCount;
  }

  /** Reads the newest states of all branches in the log: the resolving events continue from one of them. */
  async readStates(): Promise<void> {
    const ended = [...this.forks.values()].flatMap(({ from, links }) => [from, ...tips(links)]);
    const hashes = new Set(ended.flatMap(({ hash }) => hash ?? []));
    this.changes = await this.projector.changesOf(this.target, hashes);
  }

  /** Compares the aggregates that changed since, behind the write fence. Returns the number of unresolved conflicts. */
  async countNewConflicts(): Promise<number> {
    const unpublished: Unpublished[] = [];
    for await (const each of this.live.store.unpublished()) unpublished.push(each);
    this.unpublished = unpublished;
    let conflictCount = 0;
    for (const batch of batchesOf(this.moved)) {
      for (const conflict of await conflictsAt(batch, this.live, this.options.links)) {
        const isKnown = this.forks.has(conflict.id) || this.losable.has(conflict.id);
        if (!isKnown && !(await this.accept(conflict))) conflictCount += 1;
      }
    }
    return conflictCount;
  }

  /** Applies the pending events, except those of forked aggregates. */
  async applyPending(): Promise<void> {
    const following = this.unpublished.filter(({ id }) => !this.forks.has(id));
    await this.projector.applyUnpublished(this.index, following);
  }

  /** Copies the data that only the store has, and resolves the forks. Call it only when nothing can change any more. */
  async complete(): Promise<void> {
    const { live, target, forks } = this;
    for (const batch of batchesOf(this.moved)) {
      await copyUnlogged(
        live.store,
        target.store,
        (entry) => (forks.has(entry.id) ? { ...entry, pending: [] } : entry),
        batch,
      );
    }
    for (const fork of forks.values()) await this.end(fork);
  }

  /** Copies the keys that were published since the last call, or since they were first read: no version changes then. */
  async copyKeys(): Promise<void> {
    const { source, holder, takePublished } = this.target.keys ?? {};
    if (!source || !holder || !takePublished) return;
    for (const ids of batchesOf([...(await takePublished())])) {
      const [published, stored] = [await source.find(ids), await holder.find(ids)];
      const changes = ids.flatMap((id) => {
        const [from, to] = [stored.get(id), published.get(id)];
        return to && !isShredded(to) ? [{ id, from, to }] : [];
      });
      await holder.setKeys(changes);
    }
  }

  private get moved(): readonly string[] {
    const moved = this.projector.moved(this.live.stream.topic);
    return [...new Set([...moved, ...this.unpublished.map(({ id }) => id), ...this.forks.keys()])];
  }

  private async accept(conflict: Conflict): Promise<boolean> {
    const { keep, mayLose, links, onConflict } = this.options;
    onConflict?.(conflict);
    const { id, topic, kind } = conflict;
    if (kind === 'ahead') {
      if (mayLose === true) this.losable.add(id);
      return mayLose === true;
    }
    if (keep === undefined) return false;
    this.forks.set(id, forkOf(id, keep, await findWithPending(this.live.store, id), await links.of(topic, id)));
    return true;
  }

  private async end(seen: Fork): Promise<void> {
    const { live, target, options } = this;
    const { topic } = live.stream;
    // Both branches may have grown since the fork was found.
    const fork = forkOf(
      seen.id,
      seen.keep,
      await findWithPending(live.store, seen.id),
      await options.links.of(topic, seen.id),
    );
    const ending = await endingOf(fork, target, this.changes);
    await options.onGivenUp?.(await givenUpBy(fork, live, target.keys, this.changes));
    if (!ending) return;
    await target.store.restore([ending.restored]);
    const commands = fork.stored?.commands ?? [];
    await target.store.adopt([{ id: fork.id, pending: [ending.entry], commands }]);
  }

  /** Copies the history entries of versions that are permanently lost from the log: a rebuild cannot restore them. */
  private async copyHistory(id: string, gaps: readonly Gap[]): Promise<void> {
    const [from, to] = [this.live.recorded?.history, this.target.recorded?.history];
    for (const gap of from && to ? gaps : []) {
      for (let after = gap.from - 1; after < gap.to;) {
        const page = await (from as NonNullable<typeof from>).page(id, after, BATCH_SIZE);
        const rows = page.filter(({ version }) => version <= gap.to);
        await to?.append(rows);
        after = rows.length < BATCH_SIZE ? gap.to : (rows.at(-1)?.version ?? gap.to);
      }
    }
  }
}

/** Copies pending events and remembered commands to another store. */
export async function copyUnlogged(
  from: Restorable,
  to: Restorable,
  as: (entry: Unlogged<unknown>) => Unlogged<unknown>,
  ids?: readonly string[],
): Promise<void> {
  let batch: Unlogged<unknown>[] = [];
  for await (const entry of from.unlogged(ids)) {
    batch.push(as(entry));
    if (batch.length < BATCH_SIZE) continue;
    await to.adopt(batch);
    batch = [];
  }
  await to.adopt(batch);
}

function batchesOf<T>(all: readonly T[]): T[][] {
  const count = Math.ceil(all.length / BATCH_SIZE);
  return Array.from({ length: count }, (_, index) => all.slice(index * BATCH_SIZE, (index + 1) * BATCH_SIZE));
}
