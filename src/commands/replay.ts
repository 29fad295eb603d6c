import { expectUp } from '../platform/health/health.js';
import { parseTime } from '../platform/http/time.js';
import { fill, takeOver } from '../platform/replay/replay.js';
import { Fold, type FoldOptions } from '../platform/replay/fold.js';
import type { Rebuild } from '../platform/replay/rebuild.js';
import type { Replayable } from '../platform/replay/replayable.js';
import { compareWithLog } from '../platform/verify/verify.js';
import { type Command, contextOf, type Flags, MODULE_OPTION, refuseWords, UsageError } from './command.js';
import { describeDifference, describeUnread, Findings, unreadSummary } from './findings.js';
import { counted, showProgress } from './progress.js';
import { atWork, patienceFor, type Workplace } from './workplace.js';

export const replay: Command = {
  usage: `replay --module accounts|orders [--dry-run | --until TIME] [--force]
  Rebuilds every collection of the module from the log, while services go on, and swaps them in.

  --module   the bounded context
  --dry-run  rebuilds, compares with what is there, and throws the new collections away
  --until    RFC 3339: rebuilds as of then, into collections of another name, to look at
  --force    swaps even if a collection ends up with fewer documents than it has

Writes are held back for the swap, for less than a second; none is lost. Stopped or killed at any moment, the
collections are as they were, and it can be run again.`,
  options: {
    ...MODULE_OPTION,
    'dry-run': { type: 'boolean' },
    until: { type: 'string' },
    force: { type: 'boolean' },
  },
  run: (flags, words) => {
    refuseWords(words);
    const until = untilOf(flags);
    if (until !== undefined && flags['dry-run'] === true) throw new UsageError('--dry-run and --until: one of them');
    return atWork(contextOf(flags), async (at) => {
      await expectUp(at.database);
      await expectUp(at.bus);
      if (until !== undefined) return rebuildUntil(at, until);
      return flags['dry-run'] === true ? rehearse(at) : rebuild(at, flags.force === true);
    });
  },
};

async function rebuild(at: Workplace, mayLose: boolean): Promise<number> {
  return withRebuild(at, async ({ live, target, fold, shadows, passedOver }) => {
    const { heldBack } = await takeOver(live, target, fold, shadows, { mayLose });
    passedOver();
    const names = live.collections.map(({ collection }) => collection).join(', ');
    console.log(`${names}: rebuilt from ${counted(fold.progress.total, 'record')} and swapped in`);
    console.log(`writes were held back for ${heldBack.toFixed(0)} ms`);
    return 0;
  });
}

async function rehearse(at: Workplace): Promise<number> {
  return withRebuild(at, async ({ live, target, fold, passedOver }) => {
    const findings = new Findings();
    await fold.applyPending(live);
    for await (const difference of compareWithLog({ expected: target, live, fold, patience: patienceFor(at) })) {
      findings.add(describeDifference(difference));
    }
    passedOver();
    console.log(
      findings.count === 0
        ? 'the rebuilt collections are what is there; they were thrown away'
        : `${counted(findings.count, 'document')} not as the log says; the rebuilt collections were thrown away`,
    );
    return findings.count === 0 ? 0 : 1;
  });
}

async function rebuildUntil(at: Workplace, until: string): Promise<number> {
  const suffix = `until-${until.replaceAll(/[-:.]/g, '')}`;
  const beside = await at.database.openBeside(suffix);
  try {
    const target = at.context.replay(beside);
    const unread = new Findings();
    const fold = await Fold.start(at.bus, target, { ...foldOptions(at, unread), until });
    try {
      await showProgress(
        `replay ${at.context.name}`,
        () => fold.progress,
        () => fill(target, fold),
      );
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
  readonly fold: Fold;
  readonly shadows: Rebuild<unknown>;
  /** Says what could not be read. */
  readonly passedOver: () => void;
}

async function withRebuild(at: Workplace, finish: (filled: Filled) => Promise<number>): Promise<number> {
  const { context, database, bus } = at;
  const live = context.replay(database);
  const shadows = await database.beginRebuild(live.collections.map(({ collection }) => collection));
  const target = context.replay(shadows.database);
  const unread = new Findings();
  let fold: Fold | undefined;
  try {
    const started = (fold = await Fold.start(bus, target, foldOptions(at, unread)));
    await showProgress(
      `replay ${context.name}`,
      () => started.progress,
      () => fill(target, started),
    );
    const passedOver = () => unreadSummary(unread.count).forEach((line) => console.log(line));
    return await finish({ live, target, fold, shadows, passedOver });
  } finally {
    await fold?.stop();
    // After a swap there is nothing left to drop; what cannot be dropped now, the next replay drops.
    await shadows.discard().catch(() => undefined);
  }
}

function foldOptions({ interrupted, logger }: Workplace, unread: Findings): FoldOptions {
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
