/** Configuration of every topic, in Kafka's words: the log is the event store, and forgets nothing. */
export const KEEPS_FOR_EVER = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' } as const;
