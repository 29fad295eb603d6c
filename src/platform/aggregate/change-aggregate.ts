import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformError, unavailable } from '../errors.js';
import type { DomainEvent } from '../event/cloud-event.js';
import { type Aggregate, type Aggregates, type Change, type Stored, VersionConflict } from './aggregates.js';

/** The versions that an `If-Match` header allows; undefined when there is no such header. */
export type ExpectedVersions = readonly number[] | 'any' | undefined;

const MOST_ATTEMPTS = 100;
/** A document is bounded (MongoDB: 16 MiB), so what one aggregate may leave unpublished is, too. */
const MOST_PENDING = 1_000;

/**
 * Load, decide, save; a race lost to another writer is decided again on what that writer left. A decision that
 * changes nothing (undefined) writes nothing and answers the state as it is.
 * @throws PlatformError `stale` when `expected` does not allow the current version, `unavailable` when the store does
 *   not answer or the race is lost over and over.
 * @throws whatever `decide` throws.
 */
export async function changeAggregate<State extends Aggregate, Event extends DomainEvent>(
  aggregates: Aggregates<State, Event>,
  id: string,
  decide: (state: State | undefined) => Change<State, Event> | undefined | Promise<Change<State, Event> | undefined>,
  expected?: ExpectedVersions,
): Promise<State> {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const stored = await aggregates.find(id);
    if (stored) refuseStale(stored.state, expected);
    const change = await decide(stored?.state);
    if (!change) return (stored as Stored<State>).state;
    refuseFullOutbox(stored);
    try {
      await aggregates.save(stored, change);
      return change.state;
    } catch (error) {
      if (!(error instanceof VersionConflict)) throw error;
    }
    // Losers that come back at random times do not meet again.
    await sleep(Math.random() * Math.min(attempt, 20));
  }
  throw unavailable('other writers were always first');
}

function refuseStale(state: Aggregate, expected: ExpectedVersions): void {
  if (expected === undefined || expected === 'any' || expected.includes(state.version)) return;
  throw new PlatformError('stale', 'stale', `If-Match does not name the current version, ${state.version}`);
}

function refuseFullOutbox(stored: Stored<Aggregate> | undefined): void {
  if ((stored?.pending.length ?? 0) < MOST_PENDING) return;
  throw unavailable('too many events of this aggregate wait to be published');
}
