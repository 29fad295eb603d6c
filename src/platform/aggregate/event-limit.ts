import { PlatformError } from '../tools/errors.js';
import type { PendingEvent } from './aggregates.js';

/** Bytes of a record batch that a topic takes unless it is configured otherwise, in Kafka as in the embedded log. */
export const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
/** Bytes of a batch that are not the event: its own header, the record's key and headers. */
const OVERHEAD = 1_024;

/** Bytes of the largest event that a topic takes, which takes batches of up to `maxMessageBytes`. */
export function maxEventBytes(maxMessageBytes: number): number {
  return Math.max(0, maxMessageBytes - OVERHEAD);
}

/** What an aggregate store holds its events to before it commits them. */
export class EventLimit {
  maxBytes = maxEventBytes(DEFAULT_MAX_MESSAGE_BYTES);

  constructor(private readonly topic: string) {}

  /** @throws PlatformError `too-large`: committed, the event could never be published. */
  refuseTooLarge({ json }: PendingEvent): void {
    // No character has more than three bytes, and few have more than one.
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
