import type { Head } from '../aggregate/aggregates.js';
import { standsForLost } from '../event/extensions.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { unresolved, variantsOf } from './branches.js';
import type { Link } from './links.js';

/** A position in an aggregate's hash chain. */
interface Place {
  readonly version: number;
  readonly hash?: string | undefined;
}

/**
 * Compares an aggregate of the store with the log. Returns `ahead` when the log lacks its newest versions, `fork` when
 * it is on another branch, and undefined when the log and the pending events lead to its state or beyond.
 * @param head undefined when the store has no such aggregate
 * @param pending the pending events of the aggregate, oldest first
 * @param links the logged events of the aggregate
 */
export function standingOf(
  head: Head | undefined,
  pending: readonly CloudEvent[],
  links: readonly Link[],
): 'ahead' | 'fork' | undefined {
  if (unresolved(links).length > 0) return 'fork';
  if (!head) return undefined;
  const logged = variantsOf(links);
  const isLogged = (place: Place) =>
    logged.some(({ version, hash }) => version === place.version && hash === place.hash);
  const newest = links.at(-1)?.version ?? 0;
  let at: Place = head;
  while (!isLogged(at)) {
    const event = pending.find(({ sequence, hash }) => Number(sequence) === at.version && hash === at.hash);
    if (!event) return at.version > newest ? 'ahead' : 'fork';
    // A stand-in event replaces the lost events before it.
    if (standsForLost(event)) return undefined;
    at = { version: at.version - 1, hash: event.prevhash };
    if (at.version === 0) return newest === 0 ? undefined : 'fork';
  }
  return at === head || at.version === newest ? undefined : 'fork';
}
