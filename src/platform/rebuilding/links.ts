import type { LoggedRecord } from '../log/bus.js';
import { isPutBack, resolvedBy, standsForLost } from '../event/extensions.js';
import type { ObservedEvent } from './projector.js';

/** One event of an aggregate, as the log has it. */
export interface Link {
  readonly topic: string;
  readonly id: string;
  readonly version: number;
  readonly partition: number;
  readonly offset: number;
  readonly hash?: string;
  readonly prevhash?: string;
  /** It was put back into a log that had lost it, or stands for others that cannot be made again. */
  readonly republished?: 'itself' | 'others';
  /** Hashes of events on branches of the aggregate's history that were given up in favour of this event's. */
  readonly resolves?: readonly string[];
  /** Events of another content under the same version, which the log has later. */
  readonly rivals?: readonly Link[];
}

/** Where links are kept while a log is read that may be longer than memory. */
export interface Links {
  /** Keeps them: of one topic, id and version that which comes first, and its rivals beside it. */
  add(links: readonly Link[]): Promise<void>;
  /** Those of an aggregate, in order of version. */
  of(topic: string, id: string): Promise<readonly Link[]>;
  /** All of them, of every topic or of one, by topic and the bytes of the aggregate's id, in order of version. */
  all(topic?: string): AsyncIterable<Link>;
}

/** What is kept of an event. */
export function toLink({ event, record }: ObservedEvent): Link {
  const { hash, prevhash, subject, sequence } = event;
  const { topic, partition, offset } = record;
  const resolves = resolvedBy(event);
  return {
    ...{ topic, id: subject, version: Number(sequence), partition, offset },
    ...(hash !== undefined && { hash }),
    ...(prevhash !== undefined && { prevhash }),
    ...(standsForLost(event) ? { republished: 'others' } : isPutBack(record.headers) && { republished: 'itself' }),
    ...(resolves && { resolves }),
  };
}

/** The links of each aggregate, all at once. */
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

/** How a place in the log is named to people. */
export function placeOf({
  topic,
  partition,
  offset,
  ...link
}: Pick<LoggedRecord, 'topic' | 'partition' | 'offset'> & Partial<Link>): string {
  const of = link.id === undefined ? '' : ` (${link.id}, version ${link.version})`;
  return `${topic}/${partition}/${offset}${of}`;
}
