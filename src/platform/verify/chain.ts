import type { LoggedRecord } from '../bus/bus.js';
import { CLOUD_EVENT_CONTENT_TYPE, type CloudEvent } from '../event/cloud-event.js';
import { hashOf } from '../event/hash-chain.js';
import type { ObservedEvent } from '../replay/fold.js';

/** One event of an aggregate, as the log has it. */
export interface Link {
  readonly topic: string;
  readonly id: string;
  readonly version: number;
  readonly partition: number;
  readonly offset: number;
  readonly hash?: string;
  readonly prevhash?: string;
}

/** Where links are kept while a log is read that may be longer than memory. */
export interface Links {
  /** Keeps those whose topic, id and version are not kept yet, and answers for each the one that was kept before. */
  add(links: readonly Link[]): Promise<readonly (Link | undefined)[]>;
  /** All of them, by topic and aggregate, in order of version. */
  all(): AsyncIterable<Link>;
}

/** Something that is wrong with a record, or missing from the log. */
export interface Fault {
  readonly where: string;
  readonly what: string;
}

/** Checks every event by itself and against the others of its aggregate. */
export class Chain {
  /** Partitions in which there have been events with a hash. */
  private readonly hashed = new Set<string>();

  /** @param allowUnhashed passes over events without a hash where none before them in the partition has one */
  constructor(
    private readonly links: Links,
    private readonly report: (fault: Fault) => void,
    private readonly allowUnhashed = false,
  ) {}

  /** Takes in events of one partition, in order. */
  async observe(observed: readonly ObservedEvent[]): Promise<void> {
    const links = observed.map(toLink);
    const known = await this.links.add(links);
    for (const [index, { event, record }] of observed.entries()) {
      const link = links[index] as Link;
      const where = placeOf(link);
      for (const what of faultsOf(event, record)) this.report({ where, what });
      this.checkIsHashed(link);
      const first = known[index];
      if (first && first.hash !== link.hash) {
        this.report({ where, what: `another event states the same version: ${placeOf(first)}` });
      }
    }
  }

  /** Checks that each aggregate's events are all there, in order, and chained. */
  async check(): Promise<void> {
    let before: Link | undefined;
    for await (const link of this.links.all()) {
      const previous = before?.id === link.id && before.topic === link.topic ? before : undefined;
      this.checkLink(link, previous);
      before = link;
    }
  }

  private checkIsHashed(link: Link): void {
    const partition = `${link.topic}/${link.partition}`;
    if (link.hash !== undefined) this.hashed.add(partition);
    else if (!this.allowUnhashed) this.report({ where: placeOf(link), what: 'it has no hash' });
    else if (this.hashed.has(partition)) {
      this.report({ where: placeOf(link), what: 'it has no hash, and events before it in the partition have one' });
    }
  }

  private checkLink(link: Link, previous: Link | undefined): void {
    const where = placeOf(link);
    const next = (previous?.version ?? 0) + 1;
    if (link.version !== next) {
      const missing = link.version - 1 === next ? `version ${next} is` : `versions ${next} to ${link.version - 1} are`;
      this.report({ where, what: `${missing} missing before it` });
      return;
    }
    if (link.prevhash !== previous?.hash) {
      this.report({ where, what: 'it is not chained to the version before it' });
    }
    if (previous && previous.partition !== link.partition) {
      this.report({ where, what: `the version before it is in another partition, ${previous.partition}` });
    } else if (previous && previous.offset > link.offset) {
      this.report({ where, what: `the version before it comes later, at offset ${previous.offset}` });
    }
  }
}

/** What is wrong with an event by itself. */
function faultsOf(event: CloudEvent, { key, headers }: LoggedRecord): string[] {
  const isAltered = event.hash !== undefined && event.hash !== hashOrNone(event);
  return [
    ...(isAltered ? ['its content is not what its hash says: it was altered'] : []),
    ...(key?.toString() === event.subject ? [] : ['its key is not its subject']),
    ...(headers['content-type'] === CLOUD_EVENT_CONTENT_TYPE ? [] : ["its content-type is not a CloudEvent's"]),
  ];
}

function toLink({ event, record }: ObservedEvent): Link {
  const { hash, prevhash, subject, sequence } = event;
  const { topic, partition, offset } = record;
  return {
    ...{ topic, id: subject, version: Number(sequence), partition, offset },
    ...(hash !== undefined && { hash }),
    ...(prevhash !== undefined && { prevhash }),
  };
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

function hashOrNone(event: object): string | undefined {
  try {
    return hashOf(event);
  } catch {
    return undefined;
  }
}
