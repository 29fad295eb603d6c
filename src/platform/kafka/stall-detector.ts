/** Consecutive checks without progress after which the consumer counts as stalled. */
const MAX_CHECKS = 8;
/** Each replacement that does not help doubles that number, at most this many times. */
const MAX_DOUBLINGS = 6;

/**
 * Detects a stalled consumer: it lags and makes no progress. It counts checks instead of time, so that neither a clock
 * change nor a suspended process checks like a stall.
 */
export class StallDetector {
  private readonly checks = new Map<string, number>();
  private failedReplacements = 0;

  /**
   * @param stalled partitions with lag and without progress since the last check, for no known reason
   * @returns true when the consumer should be replaced
   */
  note(stalled: readonly string[]): boolean {
    const before = new Map(this.checks);
    this.checks.clear();
    for (const name of stalled) this.checks.set(name, (before.get(name) ?? 0) + 1);
    if (stalled.length === 0) this.failedReplacements = 0;
    if (Math.max(0, ...this.checks.values()) < MAX_CHECKS * 2 ** this.failedReplacements) return false;
    this.checks.clear();
    this.failedReplacements = Math.min(this.failedReplacements + 1, MAX_DOUBLINGS);
    return true;
  }

  /** The partition that has been stalled longest, once half of the allowed checks have passed. Used for health. */
  get suspect(): string | undefined {
    const [longest] = [...this.checks].sort(([, one], [, other]) => other - one);
    return longest && longest[1] >= MAX_CHECKS / 2 ? longest[0] : undefined;
  }
}
