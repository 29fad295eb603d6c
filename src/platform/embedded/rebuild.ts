import { type Rebuild, RebuildOvertaken } from '../rebuilding/rebuild.js';
import { CarryOver } from './carry-over.js';
import {
  clearAllBut,
  clearGeneration,
  generation,
  isOutside,
  prefixOf,
  readCurrent,
  writeCurrent,
} from './generations.js';
import { GenerationLevel } from './generation-level.js';
import { dueOf, rememberingOf } from './indexes.js';
import type { CompactableLevel, Level } from './level.js';
import { Updates } from './updates.js';

/** How long a write fence stands. After that the rebuild can no longer swap. */
const FENCE_TTL_MS = 5_000;

/**
 * The live collections of a database, which rebuilds replace under the open stores. Only one process can open the
 * database, so the write fence is in memory.
 */
export class LiveCollections {
  readonly updates = new Updates();
  /** Number of calls of {@link purge}. */
  purges = 0;
  private running: EmbeddedRebuild<unknown> | undefined;
  /** Number of the newest generation that was begun. */
  private newest: number;

  private constructor(
    readonly root: Level,
    readonly level: GenerationLevel,
    public current: number,
  ) {
    this.newest = current;
  }

  /** Opens the current generation. Removes what a killed process has left of others. */
  static async open(root: Level): Promise<LiveCollections> {
    const current = await readCurrent(root);
    await clearAllBut(root, current);
    const level = new GenerationLevel(root, prefixOf(current));
    await level.open();
    return new LiveCollections(root, level, current);
  }

  /**
   * Begins the next generation, with these collections empty and a copy of everything else. It supersedes a running
   * rebuild.
   */
  async beginRebuild<Database>(
    collections: readonly string[],
    databaseOver: (level: Level) => Database,
    fenceTtlMs = FENCE_TTL_MS,
  ): Promise<Rebuild<Database>> {
    this.running?.supersede();
    const next = (this.newest += 1);
    const level = generation(this.root, next);
    const rebuilt = new Set(
      collections.flatMap((collection) => [collection, dueOf(collection), rememberingOf(collection)]),
    );
    const carryOver = new CarryOver(this.level, level, (sublevel) => isOutside(sublevel) || rebuilt.has(sublevel));
    const rebuild = new EmbeddedRebuild(this, next, databaseOver(level), carryOver, fenceTtlMs);
    this.running = rebuild;
    this.level.observer = carryOver;
    try {
      await carryOver.copyAll();
    } catch (error) {
      rebuild.supersede();
      throw error;
    }
    return {
      database: rebuild.database,
      fence: () => rebuild.fence(),
      swap: () => rebuild.swap(),
      discard: () => rebuild.discard(),
    };
  }

  liftFence(): void {
    this.level.fence.lift();
    this.updates.fence.lift();
  }

  /** Removes deleted and overwritten values from the disk. LevelDB keeps them until it compacts them. */
  async purge(): Promise<void> {
    this.purges += 1;
    await (this.root as CompactableLevel).compactRange?.('\u0000', '\uffff');
  }

  /** Makes a generation the current one. @throws if the current one is still what it was */
  async switchTo(next: number): Promise<void> {
    await writeCurrent(this.root, next);
    this.current = next;
    this.level.switchTo(prefixOf(next));
  }

  end(rebuild: EmbeddedRebuild<unknown>): void {
    if (this.running !== rebuild) return;
    this.running = undefined;
    this.level.observer = undefined;
  }
}

class EmbeddedRebuild<Database> implements Rebuild<Database> {
  /** The generation that it has replaced. */
  private former: number | undefined;
  private readonly purgesBefore: number;
  private state: 'filling' | 'fenced' | 'swapping' | 'swapped' | 'overtaken' = 'filling';
  private expiry: NodeJS.Timeout | undefined;

  constructor(
    private readonly collections: LiveCollections,
    private readonly next: number,
    readonly database: Database,
    private readonly carryOver: CarryOver,
    private readonly fenceTtlMs: number,
  ) {
    this.purgesBefore = collections.purges;
  }

  async fence(): Promise<void> {
    if (this.state !== 'filling') throw new RebuildOvertaken([]);
    this.state = 'fenced';
    this.expiry = setTimeout(() => this.supersede(), this.fenceTtlMs).unref();
    await this.collections.updates.fence.raise();
    this.expectFenced();
    await this.collections.level.fence.raise();
    this.expectFenced();
  }

  async swap(): Promise<void> {
    if (this.state === 'swapped') return;
    this.expectFenced();
    clearTimeout(this.expiry);
    this.state = 'swapping';
    try {
      await this.carryOver.copyChanged();
      const former = this.collections.current;
      await this.collections.switchTo(this.next);
      [this.state, this.former] = ['swapped', former];
    } finally {
      if (this.former === undefined) this.state = 'overtaken';
      this.collections.end(this);
      this.collections.liftFence();
    }
  }

  async discard(): Promise<void> {
    this.supersede();
    const { collections, former, next } = this;
    await clearGeneration(collections.root, former ?? next);
    // An erasure may have come while its data was in two generations.
    if (collections.purges > this.purgesBefore) await collections.purge();
  }

  /** Ends it, unless the swap has begun. */
  supersede(): void {
    const { state } = this;
    if (state !== 'filling' && state !== 'fenced') return;
    clearTimeout(this.expiry);
    this.state = 'overtaken';
    this.collections.end(this);
    if (state === 'fenced') this.collections.liftFence();
  }

  private expectFenced(): void {
    if (this.state !== 'fenced') throw new RebuildOvertaken([]);
  }
}
