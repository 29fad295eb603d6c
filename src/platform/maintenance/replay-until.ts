import type { Database } from '../context/database.js';
import { inspectionSuffix } from '../rebuilding/inspection.js';
import { LogProjector } from '../rebuilding/projector.js';
import { fill } from '../rebuilding/replay.js';
import type { Connections } from './connections.js';
import { FindingTally } from './findings.js';
import { type RebuildableContext, withKeysOfLog } from './rebuild-context.js';
import { projectorOptions, type Rebuilt, reportOf } from './replay-module.js';
import { type Run, runPhase } from './run.js';
import { withScratchDatabase } from './scratch.js';

/** The outcome of {@link replayUntil}. */
export interface RebuiltUntil extends Rebuilt {
  readonly verdict: 'rebuilt';
  /** The folder or the name of the database with the collections. */
  readonly location: string;
  readonly collections: readonly { readonly collection: string; readonly documents: number }[];
}

/**
 * Rebuilds the state as of a time into separate collections, for inspection.
 * @param until RFC 3339, UTC
 */
export async function replayUntil(connections: Connections, until: string, run: Run): Promise<RebuiltUntil> {
  const separate = await connections.database.openBeside(inspectionSuffix(until));
  try {
    return await withScratchDatabase('replay', (scratch) =>
      withKeysOfLog(connections, scratch, run, (rebuildable) =>
        fillUntil(connections, until, separate, rebuildable, run),
      ),
    );
  } finally {
    await separate.close();
  }
}

async function fillUntil(
  connections: Connections,
  until: string,
  separate: Database,
  rebuildable: RebuildableContext,
  run: Run,
): Promise<RebuiltUntil> {
  const target = rebuildable.open(separate).replayable;
  const tally = new FindingTally(run.onFinding);
  const projector = await LogProjector.start(connections.bus, target, {
    ...projectorOptions(connections, run, tally),
    newestOnly: { retract: () => Promise.resolve() },
    until,
  });
  try {
    await runPhase(
      run,
      'reading-log',
      () => fill(target, projector),
      () => projector.progress,
    );
    // An erasure during the rebuild dropped what existed of it then; by now that erasure is in the log.
    await projector.caughtUp();
  } finally {
    await projector.stop();
  }
  const collections = target.collections.map(async (each) => ({
    collection: each.collection,
    documents: await each.count('exact'),
  }));
  return {
    ...reportOf(projector.progress.total, tally, rebuildable),
    ...{ verdict: 'rebuilt', location: separate.location, collections: await Promise.all(collections) },
  };
}
