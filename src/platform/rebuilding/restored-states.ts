import type { Head } from '../aggregate/aggregates.js';
import { isShredded } from '../privacy/data-key.js';
import { iterate, type Iterated } from '../tools/iterate.js';
import { compareIds, type Link } from './links.js';
import type { LogProjector } from './projector.js';
import type { SystemOfRecord } from './replayable.js';

/**
 * Finds the aggregates of which new collections do not have the newest version in the log. Nobody would notice an older
 * state until a command builds on it.
 */
export class RestoredStates {
  private readonly behind: Link[] = [];
  private heads: Iterated<Head> | undefined;
  private head: Head | undefined;

  constructor(private readonly target: SystemOfRecord) {}

  /** Compares the newest event of an aggregate. To be called in order of the ids. */
  async compare(newest: Link): Promise<void> {
    if (!this.heads) {
      this.heads = iterate(this.target.store.allHeads());
      this.head = await this.heads.next();
    }
    while (this.head && compareIds(this.head.id, newest.id) < 0) this.head = await this.heads.next();
    if (this.head?.id !== newest.id || this.head.version < newest.version) this.behind.push(newest);
  }

  /**
   * Returns the newest events that could have been restored and were not. There should be none. The log may have grown
   * meanwhile.
   */
  async missing(projector: Pick<LogProjector, 'caughtUp' | 'changesOf'>): Promise<readonly Link[]> {
    const { store, keys } = this.target;
    await this.heads?.end();
    if (this.behind.length === 0) return [];
    // Those that were published meanwhile are kept back for a while.
    await projector.caughtUp();
    const ids = this.behind.map(({ id }) => id);
    const heads = new Map((await store.heads(ids)).map(({ id, version }) => [id, version]));
    const keysOf = keys?.holder ? await keys.source.find(ids) : new Map<string, never>();
    const left = this.behind.filter(
      ({ id, version, hash }) => (heads.get(id) ?? 0) < version && hash !== undefined && !isShredded(keysOf.get(id)),
    );
    // The state of an event that nobody can open is unknown.
    const changes = await projector.changesOf(this.target, new Set(left.map(({ hash }) => hash as string)));
    return left.filter(({ hash }) => changes.get(hash as string)?.state !== undefined);
  }
}
