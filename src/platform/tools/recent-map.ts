/**
 * A map that forgets its oldest entries. It has two halves: once the newer one is full, or as old as half of the time to
 * keep, it becomes the older one, whose entries are forgotten. (One `Map` from which the first entry is deleted each time
 * becomes slow: its iterator passes over all that was deleted before.)
 */
export class RecentMap<Key, Value> {
  private newer = new Map<Key, Value>();
  private older = new Map<Key, Value>();
  /** When the first entry of each could have come, in milliseconds. */
  private newerSince: number;
  private olderSince: number;

  /**
   * @param maxEntries it forgets at least half of them at a time
   * @param keptMs an entry is forgotten after this many milliseconds at the latest, and after half of it at the earliest
   * @param now milliseconds of a monotonic clock
   */
  constructor(
    private readonly maxEntries: number,
    private readonly keptMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.newerSince = this.olderSince = now();
  }

  get(key: Key): Value | undefined {
    this.turn();
    return this.newer.get(key) ?? this.older.get(key);
  }

  set(key: Key, value: Value): void {
    this.turn();
    this.older.delete(key);
    this.newer.set(key, value);
  }

  delete(key: Key): void {
    this.newer.delete(key);
    this.older.delete(key);
  }

  private turn(): void {
    const now = this.now();
    if (now - this.newerSince >= this.keptMs / 2 || this.newer.size >= this.maxEntries / 2) {
      this.older = this.newer;
      this.olderSince = this.newerSince;
      this.newer = new Map<Key, Value>();
      this.newerSince = now;
    }
    if (now - this.olderSince >= this.keptMs) this.older.clear();
  }
}
