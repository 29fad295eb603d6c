import { PlatformError } from '../tools/errors.js';
import type { PendingEvent } from './aggregates.js';

/** Default size limit of a record batch in bytes, in Kafka and in the embedded log. */
export const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
/** Bytes of a batch besides the event: the batch header, the record's key and headers. */
const OVERHEAD = 1_024;

/** Returns the size in bytes of the largest event for a topic with this `max.message.bytes`. */
export function maxEventBytes(maxMessageBytes: number): number {
  return Math.max(0, maxMessageBytes - OVERHEAD);
}

/** The size limit that an aggregate store applies to events before it commits them. */
export class EventLimit {
  maxBytes = maxEventBytes(DEFAULT_MAX_MESSAGE_BYTES);

  constructor(private readonly topic: string) {}

  /** @throws PlatformError `too-large` for an event that could never be published */
  refuseTooLarge({ json }: PendingEvent): void {
    // Cheap check first: a UTF-16 unit has at most three bytes in UTF-8.
    if (json.length * 3 <= this.maxBytes) return;
    const bytes = Buffer.byteLength(json);
    if (bytes <= this.maxBytes) return;
    throw new PlatformError(
      'too-large',
      'event-too-large',
      `the event of this change has ${bytes} bytes, and ${this.topic} takes ${this.maxBytes} (max.message.bytes)`,
    );
  }
}
