import type { Consumed } from './dead-letter.js';

/** Numbers of records that were sent to the dead-letter topic together. */
export interface DeadLettered {
  readonly count: number;
  /** Number of them on which our own code failed. */
  readonly programmingErrors: number;
}

/** What became of the records of one delivery. */
export interface Handled {
  readonly applied: number;
  /** Versions that this process had already applied, or newer ones of the same aggregate. */
  readonly skipped: number;
  /** Records that will be delivered again. */
  readonly failed: number;
  /** Duration, also of a failure. */
  readonly seconds: number;
}

/** Is told what becomes of the records of subscriptions. */
export interface HandlingObserver {
  /** Called for each delivery, except those that end because the partition was released. */
  onHandled(consumed: Consumed, handled: Handled): void;
  /** Called after records were sent to the dead-letter topic. */
  onDeadLetters(consumed: Consumed, deadLettered: DeadLettered): void;
}
