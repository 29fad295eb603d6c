import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, LoggedRecord, NextRecord } from '../log/bus.js';
import { ofHistoryKey } from '../views/history.js';
import { pointerOf, valueAt } from '../privacy/personal-fields.js';
import type { Auditable } from './auditable.js';
import { gapsIn, mainLine, variantsOf } from './branches.js';
import { LogProjector, type RefusedRecord } from './projector.js';
import { type Conflict, conflicts } from './conflicts.js';
import type { Links } from './links.js';
import type { Replayable } from './replayable.js';
import { Chain, type Fault } from './chain.js';
import { type Difference, differences, differencesAt, differencesOfExpected, wouldLose } from './compare.js';
import type { ObservedEvent } from './observed-event.js';

const BATCH_SIZE = 500;
/** Interval between two comparisons of a differing document. */
const POLL_INTERVAL_MS = 200;
const MIN_POLLS = 3;

/** What is known of the log up to a checkpoint. The links then begin with the newest events as of the checkpoint. */
export interface Known {
  /** Returns the offset of the first record of a partition that is not known. */
  readonly startAt: (topic: string, partition: number) => number;
  /** Returns the records whose events the log has before the checkpoint, too. */
  readonly passOver: (events: readonly ObservedEvent[]) => Promise<ReadonlySet<LoggedRecord>>;
}

/** The inputs and callbacks of {@link verify}. */
export interface VerifyOptions {
  readonly bus: Bus;
  readonly live: Replayable;
  /** Empty; receives the projections of the log. */
  readonly expected: Replayable;
  readonly links: Links;
  /** Reads and compares only what came after it. Default: everything. */
  readonly known?: Known | undefined;
  readonly signal: AbortSignal;
  /** As in {@link CompareOptions}. */
  readonly lagToleranceMs: number;
  /** As in {@link CompareOptions}. */
  readonly repairsBehind?: boolean;
  /** As in {@link Chain}. */
  readonly allowUnhashed?: boolean;
  /** Reads the log, so that the caller can show progress. */
  readonly read?: (projector: LogProjector) => Promise<void>;
  /** Runs the comparison, so that the caller can show it. */
  readonly compare?: (work: () => Promise<void>) => Promise<void>;
  readonly onFault: (fault: Fault) => void;
  readonly onRefused: (refused: RefusedRecord) => void;
  /** Called for every aggregate whose stored state does not follow from the log. */
  readonly onConflict: (conflict: Conflict) => void;
  readonly onDifference: (difference: JudgedDifference) => Promise<void> | void;
  /** Called for every history entry whose event is known to be lost from the log. */
  readonly onKept?: () => void;
  readonly onFailure?: (error: unknown) => void;
}

/** A difference, and the consequences of repairing it. */
export interface JudgedDifference extends Difference {
  /** Repairing it would delete data that the log lacks. */
  readonly wouldLose: boolean;
  /** It was already reported as a conflict of its aggregate. */
  readonly isTold: boolean;
}

/**
 * Checks the log's integrity, and compares the live collections with the log.
 * @returns how far each partition was read: the links have everything before
 */
export async function verify(options: VerifyOptions): Promise<readonly NextRecord[]> {
  const { bus, live, expected, links, known, signal, lagToleranceMs, allowUnhashed, onRefused, onFailure } = options;
  const compare = options.compare ?? ((work: () => Promise<void>) => work());
  const chain = new Chain(links, options.onFault, allowUnhashed);
  const projector = await LogProjector.start(bus, expected, {
    signal,
    observe: (events) => chain.observe(events),
    onRefused,
    ...(known && { from: { startAt: known.startAt }, passOver: known.passOver }),
    ...(onFailure && { onFailure }),
  });
  try {
    await (options.read?.(projector) ?? projector.caughtUp());
    const reached = projector.positions();
    await compare(async () => {
      await projector.applyPending(live);
      await chain.check();
      for (const system of live.systemsOfRecord) {
        for await (const conflict of conflicts(system, links, () => projector.caughtUp())) options.onConflict(conflict);
      }
      const { repairsBehind } = options;
      const comparison = { expected, live, projector, lagToleranceMs, signal, onlyExpected: known !== undefined };
      for await (const difference of compareWithLog({ ...comparison, repairsBehind })) {
        if (await isKept(difference, live, links)) options.onKept?.();
        else await options.onDifference(await judge(difference, live, links));
      }
    });
    return reached;
  } finally {
    await projector.stop();
  }
}

async function judge(difference: Difference, live: Replayable, links: Links): Promise<JudgedDifference> {
  const { collection, key, found, expected } = difference;
  const own = live.systemsOfRecord.find(({ states }) => states.collection === collection);
  if (!own || !found) return { ...difference, wouldLose: wouldLose(difference), isTold: false };
  const { version, hash } = found.content;
  // Pending events are expected, too.
  const expectable = [...variantsOf(await links.of(own.stream.topic, key)), ...(expected ? [expected.content] : [])];
  const isLogged = expectable.some((link) => link.version === version && link.hash === hash);
  return { ...difference, wouldLose: wouldLose(difference) || !isLogged, isTold: !isLogged };
}

/** True for a history entry whose event is known to be permanently lost from the log. */
async function isKept({ collection, key, kind }: Difference, live: Replayable, links: Links): Promise<boolean> {
  const own = live.systemsOfRecord.find(({ recorded }) => recorded?.entries.collection === collection);
  if (!own || kind !== 'extra') return false;
  const { id, version } = ofHistoryKey(key);
  const gaps = gapsIn(mainLine(await links.of(own.stream.topic, id)));
  return gaps.some(({ from, to, isKnown }) => isKnown && from <= version && version <= to);
}

export interface CompareOptions {
  readonly expected: Replayable;
  readonly live: Replayable;
  /** Fills `expected`. */
  readonly projector: LogProjector;
  /** How long projections that are behind the log may take to catch up. */
  readonly lagToleranceMs: number;
  /** Leaves out documents that are not expected. */
  readonly onlyExpected?: boolean;
  /** Yields documents that are behind the log at once, and waits only for the log where it seems to be behind them. */
  readonly repairsBehind?: boolean | undefined;
  /** Ends the comparison when aborted. */
  readonly signal: AbortSignal;
}

/**
 * Yields the documents of the live collections that differ from the log. Services may change both meanwhile, so each
 * difference is checked again, against the then current log, before it is reported.
 */
export async function* compareWithLog({
  expected,
  live,
  projector,
  lagToleranceMs,
  onlyExpected = false,
  repairsBehind = false,
  signal,
}: CompareOptions): AsyncGenerator<Difference> {
  const compared = onlyExpected ? differencesOfExpected : differences;
  const budget = { left: lagToleranceMs, fewest: lagToleranceMs > 0 ? MIN_POLLS : 1, repairsBehind };
  const settle = (batch: readonly Difference[], pair: Pair) =>
    settled(batch, pair, budget, async () => {
      await projector.caughtUp();
      await projector.applyPending(live);
    });
  for (const [index, found] of live.collections.entries()) {
    const pair: Pair = [expected.collections[index] as Auditable, found];
    const isElsewhere = await traitsOfFormerGenerations(found, live, projector);
    let batch: Difference[] = [];
    const meant = onlyExpected ? forgottenAsFound : (difference: Difference) => difference;
    const settledOf = async () => (await settle(batch, pair)).flatMap((difference) => meant(difference) ?? []);
    for await (const difference of compared(...pair, signal)) {
      if (isElsewhere(difference) || !meant(difference)) continue;
      batch.push(difference);
      if (batch.length < BATCH_SIZE) continue;
      yield* await settledOf();
      batch = [];
    }
    yield* await settledOf();
  }
}

/**
 * An erasure leaves placeholders of the changes before it. Of a change that was not read, a placeholder says only that its
 * state is gone. Returns undefined if it is.
 */
function forgottenAsFound(difference: Difference): Difference | undefined {
  const { expected, found } = difference;
  if (expected?.content.forgotten !== true) return difference;
  if (found?.content.state === undefined) return undefined;
  const { state: _, ...content } = found.content;
  return { ...difference, fields: ['/state'], expected: { key: found.key, content } };
}

/**
 * Returns a check for history entries that differ only in what is of a former generation of the topic: the active one
 * has the same event elsewhere, and perhaps sealed, which leaves less of the state.
 */
async function traitsOfFormerGenerations(
  { collection }: Auditable,
  { systemsOfRecord }: Replayable,
  projector: LogProjector,
): Promise<(difference: Difference) => boolean> {
  const own = systemsOfRecord.find(({ recorded }) => recorded?.entries.collection === collection);
  const former = own ? await projector.formerPartitions(own.stream.topic) : new Set<unknown>();
  return ({ kind, fields, expected, found }) => {
    if (kind !== 'different' || !former.has(found?.content.partition)) return false;
    const wasSealed = expected?.content.sealed !== undefined && found?.content.sealed === undefined;
    const isSealed = (field: string) =>
      wasSealed && field.startsWith('/state/') && valueAt(expected.content, pointerOf(field).tokens) === undefined;
    return fields.every((field) => OF_GENERATION.has(field) || isSealed(field));
  };
}

/** The fields of a history entry that depend on the generation of the topic. */
const OF_GENERATION: ReadonlySet<string> = new Set(['/partition', '/offset', '/sealed', '/schemaVersion']);

type Pair = readonly [expected: Auditable, found: Auditable];

async function settled(
  batch: readonly Difference[],
  pair: Pair,
  budget: { left: number; readonly fewest: number; readonly repairsBehind: boolean },
  catchUp: () => Promise<void>,
): Promise<readonly Difference[]> {
  const certain: Difference[] = [];
  let left = batch;
  for (let looks = 0; left.length > 0 && (looks < budget.fewest || budget.left > 0); looks += 1) {
    const pause = looks === 0 ? 0 : POLL_INTERVAL_MS;
    await sleep(pause);
    budget.left -= pause;
    await catchUp();
    left = await differencesAt(
      left.map(({ key }) => key),
      ...pair,
    );
    if (!budget.repairsBehind) continue;
    certain.push(...left.filter((difference) => !wouldLose(difference)));
    left = left.filter(wouldLose);
  }
  return [...certain, ...left];
}
