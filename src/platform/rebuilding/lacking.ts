import type { Aggregate, Stored } from '../aggregate/aggregates.js';
import type { HistoryEntry } from '../views/history.js';
import { variantsOf } from './branches.js';
import type { Link } from './links.js';
import type { SystemOfRecord } from './replayable.js';
import { remake } from './remake.js';

/** What the log lacks of an aggregate. */
export interface Lacking {
  readonly id: string;
  /** Events as they were, oldest first: the text that is published. */
  readonly events: readonly string[];
  /** Versions whose events cannot be made again. */
  readonly lost: readonly number[];
  /** An event has to stand for some of these: nothing that is put back, or was before, says that they are missing. */
  readonly needsStandIn: boolean;
}

/** What is known of an aggregate. */
export interface Evidence {
  readonly stored: Stored<Aggregate>;
  /** Versions that wait to be published. */
  readonly waiting: ReadonlySet<number>;
  readonly links: readonly Link[];
  readonly entries: ReadonlyMap<number, HistoryEntry>;
}

/** Finds out what the log lacks of an aggregate, and makes of it again what can be. */
export function lackingOf({ stream }: SystemOfRecord, evidence: Evidence): Lacking {
  const { stored, waiting, links, entries } = evidence;
  const { id, version: newest } = stored.state;
  const logged = new Map(variantsOf(links).map((link) => [link.version, link]));
  const hashOf = (version: number) => entries.get(version)?.hash ?? logged.get(version)?.hash;
  const events = new Map<number, string>();
  const lost: number[] = [];
  for (let version = 1; version <= newest; version += 1) {
    if (logged.has(version) || waiting.has(version)) continue;
    const entry = entries.get(version);
    const state = entry?.state ?? (version === newest ? stored.state : undefined);
    const made = entry && remake(stream, { entry, state, prevhash: hashOf(version - 1) });
    if (made === undefined) lost.push(version);
    else events.set(version, made);
  }
  const isToldOf = (version: number): boolean => {
    for (let next = version + 1; next <= newest; next += 1) {
      if (events.has(next)) return true;
      if (logged.has(next)) return logged.get(next)?.republished !== undefined || isStoodFor(version, links);
      if (waiting.has(next)) return false;
    }
    return false;
  };
  return { id, events: [...events.values()], lost, needsStandIn: lost.some((version) => !isToldOf(version)) };
}

function isStoodFor(version: number, links: readonly Link[]): boolean {
  return links.some((link) => link.version > version && (link.republished === 'others' || link.resolves !== undefined));
}
