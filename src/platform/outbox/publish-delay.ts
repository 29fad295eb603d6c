/** An instance that has crashed must not be waited for too long. */
const MAX_PATIENCE_MS = 30_000;
/** Of the longest delay, after each batch: a single slow one is forgotten after about twenty. */
const REMAINS = 0.9;

/**
 * How long this process has needed lately to publish what it committed. Other instances share its Kafka and MongoDB, so
 * they need as long. To publish their events for them when they are only slow would add to the load that makes them slow.
 */
export class PublishDelay {
  private longest = 0;

  /** @param least milliseconds that an event is left to its instance in any case */
  constructor(private readonly least: number) {}

  /** @param delayMs of the oldest event of a batch, from its commit until it was published and trimmed */
  measured(delayMs: number): void {
    this.longest = Math.max(delayMs, this.longest * REMAINS);
  }

  /** Milliseconds that a pending event is left to the instance that committed it. */
  get patience(): number {
    return Math.max(this.least, Math.min(MAX_PATIENCE_MS, 2 * this.longest));
  }
}
