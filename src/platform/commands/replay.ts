import type { Context } from '../context/define-context.js';
import { parseTime } from '../http/resources/time.js';
import { EmbeddedLinks } from '../embedded/links.js';
import type { Keep } from '../rebuilding/forks.js';
import { type Conflict, conflicts } from '../rebuilding/heads.js';
import { inspectionSuffix, KEPT_FOR_DAYS } from '../rebuilding/inspection.js';
import type { Links } from '../rebuilding/links.js';
import { fill, recordLinks, takeOver } from '../rebuilding/replay.js';
import { LogProjector, type ProjectorOptions } from '../rebuilding/projector.js';
import type { Rebuild } from '../rebuilding/rebuild.js';
import type { Replayable } from '../rebuilding/replayable.js';
import { compareWithLog } from '../rebuilding/verify.js';
import { type Command, contextOf, type Flags, MODULE_OPTION, refuseWords, UsageError, namesOf } from './command.js';
import { describeConflict, describeDifference, describeUnread, Findings, unreadSummary } from './findings.js';
import { KeptForks } from './kept-forks.js';
import { counted, showProgress } from './progress.js';
import { inScratch } from './scratch.js';
import { atWork, expectReady, lagToleranceFor, type Workplace } from './workplace.js';

export const replay = (contexts: readonly Context[]): Command => ({
  usage: `replay --module ${namesOf(contexts)} [--dry-run | --until TIME] [--keep log|database [--kept FILE]] [--force]
  Rebuilds every collection of the module from the log, while services go on, and swaps them in.

  --module   the bounded context
  --dry-run  rebuilds, compares with what is there, and throws the new collections away
  --until    RFC 3339: rebuilds as of then, into collections of another name, to look at. They hold personal data, so
             they are dropped after ${KEPT_FOR_DAYS} days, and when anybody is erased; who was erased since is not in them
  --keep     of an aggregate with two histories (a fork; verify names them) says which one counts: the log's first, or
             the database's. The aggregate goes on from there with an event that says so. What the log does not have
             of both goes to a file for nobody but its owner; it holds personal data, which an erasure does not reach
  --kept     that file; forks-MODULE-TIME.jsonl in the current folder if it is not given
  --force    discards what the database has and the log does not: changes that were acknowledged and are ahead of the
             log, and documents that the log does not tell of. Without it, that is named and nothing is changed; the
             way to put it into the log is republish

Writes are held back for the swap, for less than a second; none is lost. Stopped or killed at any moment, the
collections are as they were, and it can be run again.`,
  options: {
    ...MODULE_OPTION,
    'dry-run': { type: 'boolean' },
    until: { type: 'string' },
    keep: { type: 'string' },
    kept: { type: 'string' },
    force: { type: 'boolean' },
  },
  run: (flags, words) => {
    refuseWords(words);
    const until = untilOf(flags);
    if (until !== undefined && flags['dry-run'] === true) throw new UsageError('--dry-run and --until: one of them');
    const keep = keepOf(flags);
    if (flags.kept !== undefined && keep === undefined) throw new UsageError('--kept goes with --keep');
    return atWork(contextOf(contexts, flags), async (at) => {
      await expectReady(at);
      if (until !== undefined) return rebuildUntil(at, until);
      return flags['dry-run'] === true
        ? rehearse(at)
        : rebuild(at, flags.force === true, keep, flags.kept as string | undefined);
    });
  },
});

async function rebuild(
  at: Workplace,
  mayLose: boolean,
  keep: Keep | undefined,
  keptIn: string | undefined,
): Promise<number> {
  return withRebuild(at, async ({ live, target, fold, links, shadows, passedOver }) => {
    const inTheWay = new Findings();
    const onConflict = (conflict: Conflict) => inTheWay.add(describeConflict(conflict));
    const kept = keep && new KeptForks(at.context.name, keptIn);
    try {
      const { heldBack } = await takeOver(live, target, fold, shadows, {
        ...{ links, mayLose, onConflict },
        ...(keep && { keep, onGivenUp: (givenUp) => (kept as KeptForks).add(givenUp) }),
      });
      passedOver();
      const names = live.collections.map(({ collection }) => collection).join(', ');
      console.log(`${names}: rebuilt from ${counted(fold.progress.total, 'record')} and swapped in`);
      console.log(`writes were held back for ${heldBack.toFixed(0)} ms`);
      if (kept?.count)
        console.log(`${counted(kept.count, 'fork')} ended; what the log does not have of them: ${kept.file}`);
      return 0;
    } finally {
      await kept?.close();
    }
  });
}

async function rehearse(at: Workplace): Promise<number> {
  return withRebuild(at, async ({ live, target, fold, links, passedOver }) => {
    const [findings, inTheWay] = [new Findings(), new Findings()];
    for (const system of live.systemsOfRecord) {
      for await (const conflict of conflicts(system, links, () => fold.caughtUp())) {
        inTheWay.add(describeConflict(conflict));
      }
    }
    await fold.applyPending(live);
    for await (const difference of compareWithLog({
      expected: target,
      live,
      fold,
      lagToleranceMs: lagToleranceFor(at),
    })) {
      findings.add(describeDifference(difference));
    }
    passedOver();
    if (inTheWay.count > 0) {
      console.log(`${counted(inTheWay.count, 'aggregate')} ahead of the log or on another branch`);
    }
    console.log(
      findings.count === 0
        ? 'the rebuilt collections are what is there; they were thrown away'
        : `${counted(findings.count, 'document')} not as the log says; the rebuilt collections were thrown away`,
    );
    return findings.count + inTheWay.count === 0 ? 0 : 1;
  });
}

async function rebuildUntil(at: Workplace, until: string): Promise<number> {
  const beside = await at.database.openBeside(inspectionSuffix(until));
  try {
    const target = at.context.open(beside).replayable;
    const unread = new Findings();
    const fold = await LogProjector.start(at.bus, target, { ...foldOptions(at, unread), until });
    try {
      await showProgress(
        `replay ${at.context.name}`,
        () => fold.progress,
        () => fill(target, fold),
      );
      // An erasure that has dropped what was there of this rebuild is in the log by now.
      await fold.caughtUp();
    } finally {
      await fold.stop();
    }
    unreadSummary(unread.count).forEach((line) => console.log(line));
    for (const collection of target.collections) {
      const documents = counted(await collection.count('exact'), 'document');
      console.log(`${collection.collection} in ${beside.location}: ${documents} as of ${until}`);
    }
    return 0;
  } finally {
    await beside.close();
  }
}

/** New collections, filled from the log. */
interface Filled {
  readonly live: Replayable;
  readonly target: Replayable;
  readonly fold: LogProjector;
  /** What the log says of the context's own aggregates. */
  readonly links: Links;
  readonly shadows: Rebuild<unknown>;
  /** Says what could not be read. */
  readonly passedOver: () => void;
}

function withRebuild(at: Workplace, finish: (filled: Filled) => Promise<number>): Promise<number> {
  return inScratch('replay', async (scratch) => {
    const { context, database, bus } = at;
    const live = context.open(database).replayable;
    const shadows = await database.beginRebuild(live.collections.map(({ collection }) => collection));
    const target = context.open(shadows.database).replayable;
    const links = new EmbeddedLinks(scratch.level);
    const unread = new Findings();
    let fold: LogProjector | undefined;
    try {
      const options = { ...foldOptions(at, unread), observe: recordLinks(links, target) };
      const started = (fold = await LogProjector.start(bus, target, options));
      await showProgress(
        `replay ${context.name}`,
        () => started.progress,
        () => fill(target, started),
      );
      const passedOver = () => unreadSummary(unread.count).forEach((line) => console.log(line));
      return await finish({ live, target, fold, links, shadows, passedOver });
    } finally {
      await fold?.stop();
      // After a swap there is nothing left to drop; what cannot be dropped now, the next replay drops.
      await shadows.discard().catch(() => undefined);
    }
  });
}

function foldOptions({ interrupted, logger }: Workplace, unread: Findings): ProjectorOptions {
  return {
    signal: interrupted,
    onUnread: (record) => unread.add(describeUnread(record)),
    onFailure: (error) => logger.warn({ err: error }, 'a database is away; trying again'),
  };
}

/** @throws UsageError */
function untilOf({ until }: Flags): string | undefined {
  if (until === undefined) return undefined;
  try {
    return parseTime('/until', String(until));
  } catch {
    throw new UsageError('--until: must be a time as RFC 3339 has it, such as 2026-11-23T04:10:20Z');
  }
}

/** @throws UsageError */
function keepOf({ keep }: Flags): Keep | undefined {
  if (keep === undefined || keep === 'log' || keep === 'database') return keep;
  throw new UsageError("--keep: 'log' or 'database'");
}
