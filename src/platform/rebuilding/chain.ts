import { CLOUD_EVENT_CONTENT_TYPE } from '../event/cloud-event.js';
import { isAltered } from '../event/copied-event.js';
import { contradictingHeaders } from '../event/event-record.js';
import { isErasuresTopic } from '../privacy/topics.js';
import { gapsIn, mainLine, unresolved } from './branches.js';
import type { ObservedEvent } from './observed-event.js';
import { byAggregate, type Link, type Links, placeOf, toLink } from './links.js';

/** A fault of a record, or a record that the log lacks. */
export interface Fault {
  readonly where: string;
  readonly what: string;
}

/** Checks each event by itself, and the hash chain of each aggregate. */
export class Chain {
  /** Partitions that have events with a hash. */
  private readonly hashed = new Set<string>();

  /** @param allowUnhashed accepts events without a hash, unless an earlier event of the partition has one */
  constructor(
    private readonly links: Links,
    private readonly report: (fault: Fault) => void,
    private readonly allowUnhashed = false,
  ) {}

  /** Adds events of one partition, in log order. */
  async observe(observed: readonly ObservedEvent[]): Promise<void> {
    const links = observed.map(toLink);
    // Confirmations of an erasure come from several contexts, and are no chain.
    await this.links.add(links.filter(({ topic }) => !isErasuresTopic(topic)));
    for (const [index, each] of observed.entries()) {
      const link = links[index] as Link;
      for (const what of faultsOf(each)) this.report({ where: placeOf(link), what });
      this.checkIsHashed(link);
    }
  }

  /** Checks that the events of each aggregate are complete, in order, chained and without unresolved forks. */
  async check(): Promise<void> {
    for await (const links of byAggregate(this.links.all())) {
      for (const fault of [...forksIn(links), ...faultsIn(mainLine(links))]) this.report(fault);
    }
  }

  private checkIsHashed(link: Link): void {
    const partition = `${link.topic}/${link.partition}`;
    if (link.hash !== undefined) this.hashed.add(partition);
    else if (!this.allowUnhashed) this.report({ where: placeOf(link), what: 'no hash' });
    else if (this.hashed.has(partition)) {
      this.report({ where: placeOf(link), what: 'no hash, but earlier events of the partition have one' });
    }
  }
}

/** Reports the events of unresolved forks. */
function forksIn(links: readonly Link[]): Fault[] {
  return unresolved(links).flatMap((link) => {
    const first = links.find(({ version }) => version === link.version) as Link;
    if (first !== link) {
      return { where: placeOf(link), what: `another event has the same version: ${placeOf(first)}` };
    }
    return first.rivals ? [] : { where: placeOf(link), what: 'on a branch of an unresolved fork' };
  });
}

/** Reports gaps and broken links of a branch. */
function faultsIn(line: readonly Link[]): Fault[] {
  const gaps = new Map(gapsIn(line).map((gap) => [gap.before, gap]));
  return line.flatMap((link, index): Fault[] => {
    const where = placeOf(link);
    const gap = gaps.get(link);
    if (gap?.isKnown) return [];
    if (gap) {
      const missing = gap.from === gap.to ? `version ${gap.from}` : `versions ${gap.from} to ${gap.to}`;
      return [{ where, what: `${missing} missing before this event` }];
    }
    return orderFaults(link, line[index - 1]).map((what) => ({ where, what }));
  });
}

function orderFaults(link: Link, previous: Link | undefined): string[] {
  const isChained = link.prevhash === previous?.hash && isCopyChained(link, previous);
  const unchained = isChained ? [] : ['not chained to the previous version'];
  if (!previous) return unchained;
  if (previous.partition !== link.partition) {
    return [...unchained, `the previous version is in another partition, ${previous.partition}`];
  }
  // Republished events have higher offsets than they had originally.
  const isLate = previous.offset > link.offset && previous.republished !== 'itself';
  return isLate ? [...unchained, `the previous version comes later, at offset ${previous.offset}`] : unchained;
}

/** The copies of another generation have a chain of their own. */
function isCopyChained({ copy }: Link, previous: Link | undefined): boolean {
  return !copy || copy.prevhash === (previous?.copy ?? previous)?.hash;
}

/** Reports the faults of a single event. */
function faultsOf({ event, opened, record: { key, headers } }: ObservedEvent): string[] {
  return [
    ...(isAltered(event, opened) ? ['altered: the content does not match the hash'] : []),
    ...(key?.toString() === event.subject ? [] : ['the key is not the event subject']),
    ...(headers['content-type'] === CLOUD_EVENT_CONTENT_TYPE ? [] : ['the content-type is not that of a CloudEvent']),
    ...contradictingHeaders(event, headers).map((name) => `the header ${name} contradicts the event`),
  ];
}
