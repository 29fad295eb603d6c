import type { PendingEvent } from '../aggregate/aggregates.js';

/** Is told what relays publish. */
export interface RelayObserver {
  /** The log has acknowledged these events, which were published together. */
  onPublished(topic: string, events: readonly Pick<PendingEvent, 'time' | 'json'>[]): void;
  /** An attempt to publish failed, and will be repeated. */
  onPublishFailed(topic: string): void;
}
