import type { LoggedRecord } from '../log/bus.js';
import { isPutBack, resolvedBy, standsForLost } from '../event/extensions.js';
import { type OriginalHashes, originalHashes } from '../event/copied-event.js';
import type { ObservedEvent } from './observed-event.js';

/** A logged event's position in the log and in its aggregate's hash chain. */
export interface Link {
  readonly topic: string;
  readonly id: string;
  readonly version: number;
  readonly partition: number;
  readonly offset: number;
  readonly hash?: string;
  readonly prevhash?: string;
  /** Of a copy in another generation: its own hashes. Those above are of the event as it was first published. */
  readonly copy?: OriginalHashes;
  /** `itself`: the event was republished. `others`: it stands in for events that could not be reconstructed. */
  readonly republished?: 'itself' | 'others';
  /** Hashes of the newest events of the branches that this event discards. */
  readonly resolves?: readonly string[];
  /** It is known from a checkpoint, and the records before it were not read: it is the first, whatever its version. */
  readonly fromCheckpoint?: true;
  /** Later events in the log with the same version and other content. */
  readonly rivals?: readonly Link[];
}

/** Stores links while the log is read. The log may not fit into memory. */
export interface Links {
  /** Adds links. Per topic, id and version, the first in the log becomes the link and the others its rivals. */
  add(links: readonly Link[]): Promise<void>;
  /** Removes links. */
  remove(links: readonly Link[]): Promise<void>;
  /** The links of an aggregate, in order of version. */
  of(topic: string, id: string): Promise<readonly Link[]>;
  /** All links, or those of one topic, in order of topic, id (by bytes) and version. */
  all(topic?: string): AsyncIterable<Link>;
}

/** The link of an event. */
export function toLink({ event, record }: ObservedEvent): Link {
  const { subject, sequence, formerhash, hash, prevhash } = event;
  const { topic, partition, offset } = record;
  const resolves = resolvedBy(event);
  return {
    ...{ topic, id: subject, version: Number(sequence), partition, offset },
    ...originalHashes(event),
    ...(formerhash !== undefined &&
      hash !== undefined && { copy: { hash, ...(prevhash !== undefined && { prevhash }) } }),
    ...(standsForLost(event) ? { republished: 'others' } : isPutBack(record.headers) && { republished: 'itself' }),
    ...(resolves && { resolves }),
  };
}

/** Groups links by aggregate. */
export async function* byAggregate(links: AsyncIterable<Link>): AsyncGenerator<readonly Link[]> {
  let own: Link[] = [];
  for await (const link of links) {
    const [first] = own;
    if (first && (first.id !== link.id || first.topic !== link.topic)) {
      yield own;
      own = [];
    }
    own.push(link);
  }
  if (own.length > 0) yield own;
}

/** Compares the ids of aggregates by their bytes. */
export function compareIds(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Formats a log position for people. */
export function placeOf({
  topic,
  partition,
  offset,
  ...link
}: Pick<LoggedRecord, 'topic' | 'partition' | 'offset'> & Partial<Link>): string {
  const of = link.id === undefined ? '' : ` (${link.id}, version ${link.version})`;
  return `${topic}/${partition}/${offset}${of}`;
}
