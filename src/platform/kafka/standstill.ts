/** Looks in a row at which a partition may be behind and not have moved. */
const MAX_CHECKS = 8;
/** By how much that is doubled at most, while replacing the consumer does not help. */
const MAX_DOUBLINGS = 6;

/**
 * Finds out that a consumer stands still: it is behind, and takes nothing. Goes by looks and not by time, so that neither a
 * clock that is set nor a process that was stopped for a while counts.
 */
export class Standstill {
  private readonly looks = new Map<string, number>();
  private inVain = 0;

  /**
   * @param standing partitions that have records to take, and took none since the last look, with nothing that explains it
   * @returns true when it is time to replace the consumer
   */
  note(standing: readonly string[]): boolean {
    const before = new Map(this.looks);
    this.looks.clear();
    for (const name of standing) this.looks.set(name, (before.get(name) ?? 0) + 1);
    if (standing.length === 0) this.inVain = 0;
    if (Math.max(0, ...this.looks.values()) < MAX_CHECKS * 2 ** this.inVain) return false;
    this.looks.clear();
    this.inVain = Math.min(this.inVain + 1, MAX_DOUBLINGS);
    return true;
  }

  /** The partition that is nearest to being too long at a standstill, once that is halfway; for health. */
  get suspect(): string | undefined {
    const [longest] = [...this.looks].sort(([, one], [, other]) => other - one);
    return longest && longest[1] >= MAX_CHECKS / 2 ? longest[0] : undefined;
  }
}
