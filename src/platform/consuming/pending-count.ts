/** How many dead letters of a consumer group wait to be redriven. */
export interface PendingCount {
  /** The topic that the records were in. */
  readonly topic: string;
  readonly group: string;
  readonly deadLetterTopic: string;
  /** Undefined while the bus does not tell. */
  readonly waiting?: number;
}
