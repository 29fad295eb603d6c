import type { Aggregate, Restorable, Unlogged, Unpublished } from '../aggregate/aggregates.js';
import type { RecordedChange } from '../views/history.js';
import type { LogProjector } from './projector.js';
import { type Ending, endingOf, type Fork, forkOf, type GivenUp, givenUpBy, type Keep } from './forks.js';
import { type Conflict, conflicts, conflictsAt } from './heads.js';
import type { Gap } from './branches.js';
import type { Link, Links } from './links.js';
import type { SystemOfRecord } from './replayable.js';
import { findWhole } from './whole.js';

const PORTION = 500;

/** What a replay is told, and whom it tells. */
export interface TakingOver {
  /** What the log says of the context's own aggregates, as the fold has read it. */
  readonly links: Links;
  /** What the log does not have may be lost. */
  readonly mayLose?: boolean;
  /** Which branch of an aggregate with two histories counts. */
  readonly keep?: Keep;
  /** Told of every aggregate that stands in the way, or would if it were not told what to do. */
  readonly onConflict?: (conflict: Conflict) => void;
  /** Keeps what is nowhere any more after a fork was ended; answers when it is durable. */
  readonly onGivenUp?: (givenUp: GivenUp) => Promise<void>;
}

/** One kind of aggregate, while a replay takes over. */
export class Kind {
  /** Aggregates with two histories, by id. */
  private readonly forks = new Map<string, Fork>();
  /** Those that the log does not lead to, and that may be lost. */
  private readonly losable = new Set<string>();
  private changes: ReadonlyMap<string, RecordedChange<Aggregate>> = new Map();
  private waiting: readonly Unpublished[] = [];

  constructor(
    readonly live: SystemOfRecord,
    readonly target: SystemOfRecord,
    private readonly index: number,
    private readonly fold: LogProjector,
    private readonly taking: TakingOver,
  ) {}

  /** Compares the whole store with the log. Answers how many aggregates stand in the way. */
  async survey(): Promise<number> {
    const { live, fold, taking } = this;
    let inTheWay = 0;
    const onLost = (id: string, gaps: readonly Gap[]) => this.takeRecorded(id, gaps);
    for await (const conflict of conflicts(live, taking.links, () => fold.caughtUp(), onLost)) {
      if (!(await this.accept(conflict))) inTheWay += 1;
    }
    return inTheWay;
  }

  /** Reads the states that the log's branches led to, where these are to be gone on from. */
  async readStates(): Promise<void> {
    const ended = [...this.forks.values()].filter(({ keep, givenUp }) => keep === 'log' && givenUp.length > 0);
    const hashes = new Set(ended.flatMap(({ from: { hash } }) => hash ?? []));
    this.changes = await this.fold.changesOf(this.target, hashes);
  }

  /** Compares what has moved since, with writes held back. Answers how many aggregates stand in the way. */
  async surveyMoved(): Promise<number> {
    const waiting: Unpublished[] = [];
    for await (const unpublished of this.live.store.unpublished()) waiting.push(unpublished);
    this.waiting = waiting;
    let inTheWay = 0;
    for (const portion of portionsOf(this.moved)) {
      for (const conflict of await conflictsAt(portion, this.live, this.taking.links)) {
        const isKnown = this.forks.has(conflict.id) || this.losable.has(conflict.id);
        if (!isKnown && !(await this.accept(conflict))) inTheWay += 1;
      }
    }
    return inTheWay;
  }

  /** Applies what is committed and not published, where it follows on the branch that counts. */
  async applyWaiting(): Promise<void> {
    const following = this.waiting.filter(({ id }) => !this.forks.has(id));
    await this.fold.applyUnpublished(this.index, following);
  }

  /** Takes along what only the store knows, and ends the forks. Nothing may move any more. */
  async complete(): Promise<void> {
    const { live, target, forks } = this;
    for (const portion of portionsOf(this.moved)) {
      await carryOver(
        live.store,
        target.store,
        (entry) => (forks.has(entry.id) ? { ...entry, pending: [] } : entry),
        portion,
      );
    }
    for (const fork of forks.values()) await this.end(fork);
  }

  private get moved(): readonly string[] {
    const moved = this.fold.moved(this.live.stream.topic);
    return [...new Set([...moved, ...this.waiting.map(({ id }) => id), ...this.forks.keys()])];
  }

  private async accept(conflict: Conflict): Promise<boolean> {
    const { keep, mayLose, links, onConflict } = this.taking;
    onConflict?.(conflict);
    const { id, topic, standing } = conflict;
    if (standing === 'ahead') {
      if (mayLose === true) this.losable.add(id);
      return mayLose === true;
    }
    if (keep === undefined) return false;
    this.forks.set(id, forkOf(id, keep, await findWhole(this.live.store, id), await links.of(topic, id)));
    return true;
  }

  private async end(seen: Fork): Promise<void> {
    const { live, target, taking } = this;
    const { topic } = live.stream;
    // Both may have gone on since it was seen.
    const fork = forkOf(
      seen.id,
      seen.keep,
      await findWhole(live.store, seen.id),
      await taking.links.of(topic, seen.id),
    );
    const ending: Ending = await endingOf(fork, target, (link) => this.stateOf(link));
    await taking.onGivenUp?.(await givenUpBy(fork, live));
    if (!ending) return;
    await target.store.restore([ending.restored]);
    const commands = fork.stored?.commands ?? [];
    await target.store.adopt([{ id: fork.id, pending: [ending.entry], commands }]);
  }

  private stateOf({ hash, id }: Link): Aggregate {
    const change = this.changes.get(hash ?? '');
    if (!change) throw new Error(`${id} has gone on while its fork was to be ended; run it again`);
    return change.state;
  }

  /** What the history has of versions that the log will not have again is not the log's to take away. */
  private async takeRecorded(id: string, gaps: readonly Gap[]): Promise<void> {
    const [from, to] = [this.live.recorded?.history, this.target.recorded?.history];
    for (const gap of from && to ? gaps : []) {
      for (let after = gap.from - 1; after < gap.to;) {
        const page = await (from as NonNullable<typeof from>).page(id, after, PORTION);
        const rows = page.filter(({ version }) => version <= gap.to);
        await to?.append(rows);
        after = rows.length < PORTION ? gap.to : (rows.at(-1)?.version ?? gap.to);
      }
    }
  }
}

/** Puts what the log does not know of aggregates beside their states in another store. */
export async function carryOver(
  from: Restorable,
  to: Restorable,
  as: (entry: Unlogged<unknown>) => Unlogged<unknown>,
  ids?: readonly string[],
): Promise<void> {
  let portion: Unlogged<unknown>[] = [];
  for await (const entry of from.unlogged(ids)) {
    portion.push(as(entry));
    if (portion.length < PORTION) continue;
    await to.adopt(portion);
    portion = [];
  }
  await to.adopt(portion);
}

function portionsOf<T>(all: readonly T[]): T[][] {
  const count = Math.ceil(all.length / PORTION);
  return Array.from({ length: count }, (_, index) => all.slice(index * PORTION, (index + 1) * PORTION));
}
