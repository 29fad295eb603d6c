import type { Connections } from '../maintenance/connections.js';
import type { Findings } from '../maintenance/findings.js';
import { rehearseReplay, replayModule } from '../maintenance/replay-module.js';
import { republishModule } from '../maintenance/republish-module.js';
import type { Run } from '../maintenance/run.js';
import { type Verified, verifyModule } from '../maintenance/verify-module.js';
import type { JobKind, JobView } from './api.js';

/** How a job ended. */
export type Outcome = Required<Pick<JobView, 'outcome' | 'summary'>>;

/** How long a copy may lag behind the log before it counts as different: the process goes on consuming. */
const LAG_TOLERANCE_MS = 5_000;

/**
 * Runs a job on a module. Nothing that a caller has not seen before is given up: a replay refuses to discard data that
 * the log lacks, which needs the command line.
 * @throws the reason of the run's signal, and errors of dependencies
 */
export async function runJob(kind: JobKind, connections: Connections, run: Run): Promise<Outcome> {
  switch (kind) {
    case 'verify':
      return compared(
        'log and database match',
        await verifyModule(connections, { lagToleranceMs: LAG_TOLERANCE_MS }, run),
      );
    case 'replay-rehearsal':
      return compared(
        'a replay would change nothing',
        await rehearseReplay(connections, { lagToleranceMs: LAG_TOLERANCE_MS }, run),
      );
    case 'replay': {
      const replayed = await replayModule(connections, {}, run);
      if (replayed.verdict === 'refused') return { outcome: 'findings', summary: `refused: ${replayed.reason}` };
      const { records, skipped, collections, writesBlockedMs } = replayed;
      const text = `${collections.join(', ')} rebuilt from ${records} records and swapped in`;
      return {
        outcome: 'done',
        summary: `${text}; writes were blocked for ${writesBlockedMs.toFixed(0)} ms${ignored(skipped)}`,
      };
    }
    case 'republish-rehearsal':
    case 'republish': {
      const isRehearsal = kind === 'republish-rehearsal';
      const { verdict, events, standIns, findings } = await republishModule(connections, { isRehearsal }, run);
      const forks = findings.conflict.count > 0 ? `; ${findings.conflict.count} forks skipped` : '';
      if (verdict === 'nothing-missing')
        return { outcome: outcomeOf(forks === ''), summary: `the log lacks nothing${forks}` };
      const verb = isRehearsal ? 'would be published' : 'published';
      return {
        outcome: outcomeOf(forks === '' && !isRehearsal),
        summary: `${events + standIns} events ${verb}${forks}`,
      };
    }
  }
}

/** @param match what is said if there are no differences */
function compared(
  match: string,
  { verdict, records, skipped, findings }: Pick<Verified, 'verdict' | 'records' | 'skipped' | 'findings'>,
): Outcome {
  const text = verdict === 'matches' ? match : describe(findings);
  return { outcome: outcomeOf(verdict === 'matches'), summary: `${records} records read; ${text}${ignored(skipped)}` };
}

function outcomeOf(isClean: boolean): Outcome['outcome'] {
  return isClean ? 'done' : 'findings';
}

function ignored(skipped: number): string {
  return skipped > 0 ? `; ${skipped} unreadable records ignored` : '';
}

function describe(findings: Findings): string {
  const { fault, conflict, ahead, difference } = findings;
  const counts = {
    'faults in the log': fault,
    'forked or ahead of the log': conflict,
    'ahead of the log': ahead,
    'different from the log': difference,
  };
  return Object.entries(counts)
    .flatMap(([name, { count }]) => (count > 0 ? [`${count} ${name}`] : []))
    .join(', ');
}
