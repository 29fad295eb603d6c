import type { Head } from '../aggregate/aggregates.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { originalHashes } from '../event/copied-event.js';

/** An aggregate whose state in the database contradicts the log. */
export interface HeadDisagreement {
  readonly id: string;
  /** `behind`: the database lacks logged events. `forked`: log and database have different events for one version. */
  readonly kind: 'behind' | 'forked';
  /** Version in the database; 0 when it has no such aggregate. */
  readonly stored: number;
  /** Newest version in the log. */
  readonly logged: number;
}

/**
 * Compares the newest logged events with the database's heads. Read the events before the heads: each logged event was
 * committed first, so the database can only be ahead by events that are not published yet.
 */
export function disagreements(events: readonly CloudEvent[], heads: readonly Head[]): HeadDisagreement[] {
  const stored = new Map(heads.map((head) => [head.id, head]));
  const hashes = new Map(events.map((event) => [`${event.subject}/${event.sequence}`, originalHashes(event).hash]));
  return newestEvents(events).flatMap(({ subject: id, sequence }) => {
    const head = stored.get(id);
    const [version, logged] = [head?.version ?? 0, Number(sequence)];
    const found = { id, stored: version, logged };
    if (!head || version < logged) return { ...found, kind: 'behind' as const };
    const isOther = (of: number, known: string | undefined) => {
      const hash = hashes.get(`${id}/${of}`);
      return known !== undefined && hash !== undefined && known !== hash;
    };
    const { oldestPending: oldest } = head;
    const isForked =
      isOther(version, head.hash) ||
      (oldest && (isOther(oldest.version, oldest.hash) || isOther(oldest.version - 1, oldest.prevhash)));
    return isForked ? { ...found, kind: 'forked' as const } : [];
  });
}

/** The newest event of each aggregate. */
function newestEvents(events: readonly CloudEvent[]): CloudEvent[] {
  const newest = new Map<string, CloudEvent>();
  for (const event of events) {
    if (Number(event.sequence) > Number(newest.get(event.subject)?.sequence ?? 0)) newest.set(event.subject, event);
  }
  return [...newest.values()];
}
