import type { Aggregate, StoredAggregate } from '../aggregate/aggregates.js';
import type { HistoryEntry } from '../views/history.js';
import { variantsOf } from './branches.js';
import type { Link } from './links.js';
import type { SystemOfRecord } from './replayable.js';
import { reconstructEvent } from './reconstruct-event.js';

/** The events of an aggregate that the log lacks. */
export interface MissingEvents {
  readonly id: string;
  /** Reconstructed events, oldest first, as the JSON to publish. */
  readonly events: readonly string[];
  /** Versions whose events cannot be reconstructed. */
  readonly lost: readonly number[];
  /** A stand-in event is needed: no event after some of the lost versions tells a reader that they are missing. */
  readonly needsStandIn: boolean;
}

/** Everything known about an aggregate. */
export interface Evidence {
  readonly stored: StoredAggregate<Aggregate>;
  /** Versions pending in the outbox. */
  readonly pending: ReadonlySet<number>;
  readonly links: readonly Link[];
  readonly entries: ReadonlyMap<number, HistoryEntry>;
}

/** Finds the events that the log lacks, and reconstructs as many as possible. */
export function missingEventsOf({ stream }: SystemOfRecord, evidence: Evidence): MissingEvents {
  const { stored, pending, links, entries } = evidence;
  const { id, version: newest } = stored.state;
  const logged = new Map(variantsOf(links).map((link) => [link.version, link]));
  const hashOf = (version: number) => entries.get(version)?.hash ?? logged.get(version)?.hash;
  const events = new Map<number, string>();
  const lost: number[] = [];
  for (let version = 1; version <= newest; version += 1) {
    if (logged.has(version) || pending.has(version)) continue;
    const entry = entries.get(version);
    const state = entry?.state ?? (version === newest ? stored.state : undefined);
    const made = entry && reconstructEvent(stream, { entry, state, prevhash: hashOf(version - 1) });
    if (made === undefined) lost.push(version);
    else events.set(version, made);
  }
  const isAnnounced = (version: number): boolean => {
    for (let next = version + 1; next <= newest; next += 1) {
      if (events.has(next)) return true;
      if (logged.has(next)) return logged.get(next)?.republished !== undefined || hasStandIn(version, links);
      if (pending.has(next)) return false;
    }
    return false;
  };
  return { id, events: [...events.values()], lost, needsStandIn: lost.some((version) => !isAnnounced(version)) };
}

function hasStandIn(version: number, links: readonly Link[]): boolean {
  return links.some((link) => link.version > version && (link.republished === 'others' || link.resolves !== undefined));
}
