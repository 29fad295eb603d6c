import type { RecordHandler, StartAt } from '../log/bus.js';
import type { DependencyHealth } from '../tools/dependency.js';

/** A member of a consumer group. */
export interface Member {
  readonly handlers: ReadonlyMap<string, RecordHandler>;
  readonly startAt: StartAt | undefined;
  /** Offsets at which partitions must restart, by reader. */
  readonly restarts: Map<string, number>;
  /** Running handlers. */
  readonly inFlight: Set<Promise<unknown>>;
  readonly stopped: AbortController;
  /** Why records are being retried, by partition. */
  readonly failures: Map<string, string>;
}

/** Says why a member does not make progress, if it does not. */
export function healthOf(group: string, { stopped, failures }: Member): DependencyHealth {
  if (stopped.signal.aborted) return { up: false };
  const [failure] = failures.values();
  return failure === undefined ? { up: true } : { up: false, detail: `consumer of group ${group} ${failure}` };
}
