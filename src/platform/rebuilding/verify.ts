import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../log/bus.js';
import { ofHistoryKey } from '../views/history.js';
import type { Auditable } from './auditable.js';
import { gapsIn, mainLine, variantsOf } from './branches.js';
import { LogProjector, type Unread } from './projector.js';
import { type Conflict, conflicts } from './heads.js';
import type { Links } from './links.js';
import type { Replayable } from './replayable.js';
import { Chain, type Fault } from './chain.js';
import { type Difference, differences, differencesAt, wouldLose } from './compare.js';

const PORTION = 500;
/** Milliseconds between two looks at what differs. */
const POLL_INTERVAL_MS = 200;
const MIN_POLLS = 3;

/** What a verification works on, and whom it tells. */
export interface Verifying {
  readonly bus: Bus;
  readonly live: Replayable;
  /** Where what the log says is put down; empty. */
  readonly expected: Replayable;
  readonly links: Links;
  readonly signal: AbortSignal;
  /** Milliseconds, as in {@link Comparing}. */
  readonly lagToleranceMs: number;
  /** As {@link Chain} has it. */
  readonly allowUnhashed?: boolean;
  /** Reads the log; for who wants to watch. */
  readonly read?: (fold: LogProjector) => Promise<void>;
  readonly onFault: (fault: Fault) => void;
  readonly onUnread: (unread: Unread) => void;
  /** Told of every aggregate that the log does not lead to. */
  readonly onConflict: (conflict: Conflict) => void;
  readonly onDifference: (difference: Judged) => Promise<void> | void;
  /** Told of an entry of the history whose event the log is known not to have any more. */
  readonly onKept?: () => void;
  readonly onFailure?: (error: unknown) => void;
}

/** A difference, and what it would mean to make the document what the log says. */
export interface Judged extends Difference {
  /** Something would be taken away that the log does not have. */
  readonly wouldLose: boolean;
  /** It has been told of as a conflict of its aggregate. */
  readonly isTold: boolean;
}

/** Holds the log against itself, and the live collections against the log. */
export async function verify(verifying: Verifying): Promise<void> {
  const { bus, live, expected, links, signal, lagToleranceMs, allowUnhashed, onUnread, onFailure } = verifying;
  const chain = new Chain(links, verifying.onFault, allowUnhashed);
  const fold = await LogProjector.start(bus, expected, {
    signal,
    observe: (events) => chain.observe(events),
    onUnread,
    ...(onFailure && { onFailure }),
  });
  try {
    await (verifying.read?.(fold) ?? fold.caughtUp());
    await fold.applyPending(live);
    await chain.check();
    for (const system of live.systemsOfRecord) {
      for await (const conflict of conflicts(system, links, () => fold.caughtUp())) verifying.onConflict(conflict);
    }
    for await (const difference of compareWithLog({ expected, live, fold, lagToleranceMs })) {
      if (await isKept(difference, live, links)) verifying.onKept?.();
      else await verifying.onDifference(await judged(difference, live, links));
    }
  } finally {
    await fold.stop();
  }
}

async function judged(difference: Difference, live: Replayable, links: Links): Promise<Judged> {
  const { collection, key, found, expected } = difference;
  const own = live.systemsOfRecord.find(({ states }) => states.collection === collection);
  if (!own || !found) return { ...difference, wouldLose: wouldLose(difference), isTold: false };
  const { version, hash } = found.content;
  // What waits to be published is expected, too.
  const expectable = [...variantsOf(await links.of(own.stream.topic, key)), ...(expected ? [expected.content] : [])];
  const isLogged = expectable.some((link) => link.version === version && link.hash === hash);
  return { ...difference, wouldLose: wouldLose(difference) || !isLogged, isTold: !isLogged };
}

/** True for an entry of the history of an event that the log has lost for good, as whoever looked has found. */
async function isKept({ collection, key, kind }: Difference, live: Replayable, links: Links): Promise<boolean> {
  const own = live.systemsOfRecord.find(({ recorded }) => recorded?.entries.collection === collection);
  if (!own || kind !== 'extra') return false;
  const { id, version } = ofHistoryKey(key);
  const gaps = gapsIn(mainLine(await links.of(own.stream.topic, id)));
  return gaps.some(({ from, to, isKnown }) => isKnown && from <= version && version <= to);
}

export interface Comparing {
  readonly expected: Replayable;
  readonly live: Replayable;
  /** Fills `expected`. */
  readonly fold: LogProjector;
  /** Milliseconds that projections which are behind the log get in order to catch up. */
  readonly lagToleranceMs: number;
}

/**
 * The documents of the live collections that are not what the log says. Services may go on changing both: what differs
 * is looked at again, with the log as it is by then, before it is named.
 */
export async function* compareWithLog({ expected, live, fold, lagToleranceMs }: Comparing): AsyncGenerator<Difference> {
  const budget = { left: lagToleranceMs, fewest: lagToleranceMs > 0 ? MIN_POLLS : 1 };
  const settle = (portion: readonly Difference[], pair: Pair) =>
    settled(portion, pair, budget, async () => {
      await fold.caughtUp();
      await fold.applyPending(live);
    });
  for (const [index, found] of live.collections.entries()) {
    const pair: Pair = [expected.collections[index] as Auditable, found];
    let portion: Difference[] = [];
    for await (const difference of differences(...pair)) {
      portion.push(difference);
      if (portion.length < PORTION) continue;
      yield* await settle(portion, pair);
      portion = [];
    }
    yield* await settle(portion, pair);
  }
}

type Pair = readonly [expected: Auditable, found: Auditable];

async function settled(
  portion: readonly Difference[],
  pair: Pair,
  budget: { left: number; readonly fewest: number },
  catchUp: () => Promise<void>,
): Promise<readonly Difference[]> {
  let left = portion;
  for (let looks = 0; left.length > 0 && (looks < budget.fewest || budget.left > 0); looks += 1) {
    const pause = looks === 0 ? 0 : POLL_INTERVAL_MS;
    await sleep(pause);
    budget.left -= pause;
    await catchUp();
    left = await differencesAt(
      left.map(({ key }) => key),
      ...pair,
    );
  }
  return left;
}
