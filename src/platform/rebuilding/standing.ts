import type { Head } from '../aggregate/aggregates.js';
import { standsForLost } from '../event/extensions.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { unresolved, variantsOf } from './branches.js';
import type { Link } from './links.js';

/** An event, as far as it matters for the chain. */
interface Place {
  readonly version: number;
  readonly hash?: string | undefined;
}

/**
 * How an aggregate of the store stands to the log: `ahead` of it, or on another branch than the log's; undefined where
 * the log, with what waits to be published, leads to where the aggregate is, or further.
 * @param head undefined: the store has no such aggregate
 * @param pending the events of the aggregate that wait to be published, oldest first
 * @param links the log's events of it
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
    // It stands for those before it.
    if (standsForLost(event)) return undefined;
    at = { version: at.version - 1, hash: event.prevhash };
    if (at.version === 0) return newest === 0 ? undefined : 'fork';
  }
  return at === head || at.version === newest ? undefined : 'fork';
}
