import type { Bus, LoggedRecord } from '../log/bus.js';
import { PlatformError } from '../tools/errors.js';
import { type Consumed, parseLocationName } from './dead-letter.js';
import {
  compareLocations,
  type DeadLetter,
  type DeadLetterState,
  placeOf,
  readDeadLetters,
  readOriginals,
} from './dead-letters.js';
import { findHealed } from './healed-dead-letters.js';
import type { Positions } from './positions.js';
import type { Subscription } from './subscription.js';

/** Which dead letters to list. */
export interface ListOptions {
  /** Undefined: in any state. */
  readonly state?: DeadLetterState | undefined;
  /** Undefined: for any reason. */
  readonly reason?: string | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
  /** Most dead letters of a page. */
  readonly limit: number;
  /** The consumer group's positions, to find what newer events have healed; undefined: do not look for that. */
  readonly positions?: Pick<Positions, 'of'> | undefined;
}

/** A page of dead letters, in the log order of the original records. */
export interface DeadLetterPage {
  readonly items: readonly ListedDeadLetter[];
  /** Where the next page begins; undefined on the last page. */
  readonly next?: string;
  /** Number of all dead letters of the group, by state. */
  readonly counts: Readonly<Record<DeadLetterState, number>>;
}

export interface ListedDeadLetter extends DeadLetter {
  /** See {@link findHealed}. */
  readonly isHealed: boolean;
}

/** Dead letters that have something in common. */
export interface DeadLetterGroup {
  /** The reason or the event type; undefined: no event, an omitted value, or a type that cannot be one. */
  readonly name: string | undefined;
  readonly count: number;
  /** RFC 3339; '' if none of them says when it was sent to the dead-letter topic. */
  readonly firstTime: string;
  readonly lastTime: string;
}

/** Lists dead letters of a consumer group. @throws PlatformError `malformed` for an invalid `after` */
export async function listDeadLetters(
  bus: Bus,
  subscription: Subscription,
  { state, reason, after, limit, positions }: ListOptions,
): Promise<DeadLetterPage> {
  const start = after === undefined ? undefined : parseLocationName(after);
  if (after !== undefined && !start) throw new PlatformError('malformed', 'invalid-cursor', 'after is not an id');
  // Before the dead letters: a record is a dead letter before the position is behind it.
  const reached = await positions?.of(subscription.group);
  const all = await readDeadLetters(bus, subscription);
  const rest = all.filter(
    (each) =>
      (state === undefined || each.state === state) &&
      (reason === undefined || each.latest.reason === reason) &&
      (!start || compareLocations(placeOf(each), start) > 0),
  );
  const page = rest.slice(0, limit);
  const healed = reached ? await findHealed(bus, subscription, { deadLetters: page, all, positions: reached }) : none;
  return {
    items: page.map((each) => ({ ...each, isHealed: healed.has(each.id) })),
    ...(rest.length > page.length && { next: page.at(-1)?.id }),
    counts: countsOf(all),
  };
}

/** Groups dead letters by reason or by event type, the largest group first. */
export async function groupDeadLetters(
  bus: Bus,
  consumed: Consumed,
  by: 'reason' | 'type',
  state?: DeadLetterState,
): Promise<readonly DeadLetterGroup[]> {
  const groups = new Map<string | undefined, DeadLetterGroup>();
  for (const { latest, state: current } of await readDeadLetters(bus, consumed)) {
    if (state !== undefined && current !== state) continue;
    const name = by === 'reason' ? latest.reason : latest.event?.type || undefined;
    const { time } = latest;
    const { count, firstTime, lastTime } = groups.get(name) ?? { count: 0, firstTime: time, lastTime: time };
    groups.set(name, {
      ...{ name, count: count + 1 },
      firstTime: firstTime === '' || (time !== '' && time < firstTime) ? time : firstTime,
      lastTime: time > lastTime ? time : lastTime,
    });
  }
  return [...groups.values()].sort((one, other) => other.count - one.count);
}

/** Finds a dead letter by its id, with its original record: headers and value as stored. Undefined: there is none. */
export async function findDeadLetter(
  bus: Bus,
  consumed: Consumed,
  id: string,
): Promise<{ readonly deadLetter: DeadLetter; readonly original: LoggedRecord | undefined } | undefined> {
  const deadLetter = (await readDeadLetters(bus, consumed)).find((each) => each.id === id);
  if (!deadLetter) return undefined;
  return { deadLetter, original: (await readOriginals(bus, [deadLetter])).get(id) };
}

const none: ReadonlySet<string> = new Set();

function countsOf(deadLetters: readonly DeadLetter[]): Record<DeadLetterState, number> {
  const counts = { pending: 0, redriven: 0, discarded: 0 };
  for (const { state } of deadLetters) counts[state] += 1;
  return counts;
}
