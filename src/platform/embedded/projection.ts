import type { AbstractSublevel } from 'abstract-level';
import { batched } from '../tools/batching.js';
import { newestOfEach, type ProjectionStore, type Versioned } from '../views/projection.js';
import type { Auditable } from '../rebuilding/auditable.js';
import { EmbeddedAudit } from './audit.js';
import type { Level } from './level.js';
import { Updates } from './updates.js';
import { type Write, writeDurably } from './writes.js';

/** A versioned projection in the embedded database. */
export class EmbeddedProjection<State> implements ProjectionStore<State> {
  private readonly copies: AbstractSublevel<Level, string | Buffer | Uint8Array, string, Versioned<State>>;
  private readonly enqueue: (entries: readonly Versioned<State>[]) => Promise<void>;

  constructor(
    private readonly level: Level,
    private readonly collection: string,
    private readonly updates = new Updates(),
  ) {
    this.copies = level.sublevel<string, Versioned<State>>(collection, { valueEncoding: 'json' });
    // One flush at a time: otherwise two could read the same version, and the older one could write last.
    this.enqueue = batched({ maxBatch: 100, maxWaiting: 10_000 }, (batches) =>
      updates.run(collection, () => this.write(batches.flat())),
    );
  }

  apply(entries: readonly Versioned<State>[]): Promise<void> {
    return this.enqueue(entries);
  }

  find(id: string): Promise<Versioned<State> | undefined> {
    return this.copies.get(id);
  }

  /** Gives access to the copies for a comparison with the log. */
  audit(): Auditable {
    return new EmbeddedAudit<Versioned<State>>(this.level, this.updates, this.collection, {
      contentOf: ({ version, state }) => ({ version, state }),
      toStored: (content, id) => ({ id, ...content }) as Versioned<State>,
    });
  }

  private async write(entries: readonly Versioned<State>[]): Promise<void[]> {
    const newest = newestOfEach(entries);
    const stored = await this.copies.getMany(newest.map(({ id }) => id));
    const writes = newest
      .filter(({ version }, index) => version > (stored[index]?.version ?? 0))
      .map((copy) => ({ type: 'put', sublevel: this.copies, key: copy.id, value: copy }) as unknown as Write);
    await writeDurably(this.level, writes);
    return [];
  }
}
