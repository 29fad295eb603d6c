import type { LoggedRecord } from '../log/bus.js';
import { CLOUD_EVENT_CONTENT_TYPE, type CloudEvent } from '../event/cloud-event.js';
import { hashOf } from '../event/hash-chain.js';
import { gapsIn, mainLine, unresolved } from './branches.js';
import type { ObservedEvent } from './projector.js';
import { byAggregate, type Link, type Links, placeOf, toLink } from './links.js';

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
    await this.links.add(links);
    for (const [index, { event, record }] of observed.entries()) {
      const link = links[index] as Link;
      for (const what of faultsOf(event, record)) this.report({ where: placeOf(link), what });
      this.checkIsHashed(link);
    }
  }

  /** Checks that each aggregate's events are all there, in order, and chained, with no fork that nobody has ended. */
  async check(): Promise<void> {
    for await (const links of byAggregate(this.links.all())) {
      for (const fault of [...forksIn(links), ...faultsIn(mainLine(links))]) this.report(fault);
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
}

/** Events that state what others state differently. */
function forksIn(links: readonly Link[]): Fault[] {
  return unresolved(links).flatMap((link) => {
    const first = links.find(({ version }) => version === link.version) as Link;
    if (first !== link) {
      return { where: placeOf(link), what: `another event states the same version: ${placeOf(first)}` };
    }
    return first.rivals ? [] : { where: placeOf(link), what: 'it is on a branch that no event has ended' };
  });
}

/** What is wrong with a line of events. */
function faultsIn(line: readonly Link[]): Fault[] {
  const gaps = new Map(gapsIn(line).map((gap) => [gap.before, gap]));
  return line.flatMap((link, index): Fault[] => {
    const where = placeOf(link);
    const gap = gaps.get(link);
    if (gap?.isKnown) return [];
    if (gap) {
      const missing = gap.from === gap.to ? `version ${gap.from} is` : `versions ${gap.from} to ${gap.to} are`;
      return [{ where, what: `${missing} missing before it` }];
    }
    return orderFaults(link, line[index - 1]).map((what) => ({ where, what }));
  });
}

function orderFaults(link: Link, previous: Link | undefined): string[] {
  const unchained = link.prevhash === previous?.hash ? [] : ['it is not chained to the version before it'];
  if (!previous) return unchained;
  if (previous.partition !== link.partition) {
    return [...unchained, `the version before it is in another partition, ${previous.partition}`];
  }
  // What was put back comes later than it once was.
  const isLate = previous.offset > link.offset && previous.republished !== 'itself';
  return isLate ? [...unchained, `the version before it comes later, at offset ${previous.offset}`] : unchained;
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

function hashOrNone(event: object): string | undefined {
  try {
    return hashOf(event);
  } catch {
    return undefined;
  }
}
