/** Lets a handler say that it is alive. */
export interface Heartbeat {
  /**
   * Says that the handler is alive and at work. A handler that takes long calls it between its steps, several times a
   * session; without it the partition goes to another member. The broker is told only as often as it needs.
   * @throws the reason, once the consumer has to let go of the partition: the handler must stop, and its records come again.
   */
  heartbeat(): Promise<void>;
}

/** A consumer's hold on the partition whose records it handles. */
export interface Lease extends Heartbeat {
  /** Aborted when the consumer has to let go of the partition: it stops, or its group is sharing the partitions anew. */
  readonly signal: AbortSignal;
}

/** A hold that ends with `signal`, and not before. */
export function leaseUntil(signal: AbortSignal): Lease {
  return {
    signal,
    heartbeat: () => (signal.aborted ? Promise.reject(signal.reason as Error) : Promise.resolve()),
  };
}
