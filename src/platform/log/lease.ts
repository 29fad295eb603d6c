/** Lets a handler extend its session. */
export interface Heartbeat {
  /**
   * Extends the session. A long-running handler calls it between its steps, several times per session timeout;
   * otherwise the partition is assigned to another member. Requests to the broker are throttled.
   * @throws the reason, once the partition is being revoked: the handler must stop, and its records are delivered again
   */
  heartbeat(): Promise<void>;
}

/** A consumer's ownership of the partition whose records it handles. */
export interface Lease extends Heartbeat {
  /** Aborted when the partition is being revoked: the consumer stops, or its group rebalances. */
  readonly signal: AbortSignal;
}

/** Returns a lease that ends when `signal` is aborted. */
export function leaseUntil(signal: AbortSignal): Lease {
  return {
    signal,
    heartbeat: () => (signal.aborted ? Promise.reject(signal.reason as Error) : Promise.resolve()),
  };
}
