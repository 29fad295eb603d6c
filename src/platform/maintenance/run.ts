import type { Finding } from './findings.js';

/** What a run does at the moment. */
export type Phase = 'reading-keys' | 'reading-log' | 'comparing' | 'taking-over' | 'republishing';

/** Returns the number of records, or of aggregates, handled so far, and of all. */
export type Progress = () => { readonly read: number; readonly total: number };

/** How a caller follows one run, and stops it. */
export interface Run {
  /** When aborted, the run changes nothing more and rejects with the reason. */
  readonly signal: AbortSignal;
  /**
   * Called for each phase, which is over when `work` has settled.
   * @param progress undefined if the length of the phase is unknown
   */
  readonly during?: <T>(phase: Phase, work: () => Promise<T>, progress?: Progress) => Promise<T>;
  /** Called for each finding. */
  readonly onFinding?: (finding: Finding) => void;
  /** Called when the log has been read, with the number of persons whose keys are lost. Their events cannot be opened. */
  readonly onLostKeys?: (count: number) => void;
}

/** Runs one phase. @throws the signal's reason */
export async function runPhase<T>(
  { signal, during = (_phase, work) => work() }: Run,
  phase: Phase,
  work: () => Promise<T>,
  progress?: Progress,
): Promise<T> {
  signal.throwIfAborted();
  try {
    return await during(phase, work, progress);
  } catch (error) {
    // Report the abort, and not the errors that follow from it.
    signal.throwIfAborted();
    throw error;
  }
}
