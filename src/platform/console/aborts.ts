import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Bus } from '../log/bus.js';
import { ACTIONS_TOPIC } from '../log/topics.js';
import { withTimeout } from '../tools/timeout.js';
import { parseAction } from './actions.js';

const POLL_INTERVAL_MS = 1_000;
const TIMEOUT_MS = 5_000;
/** Newest records that are looked at first: an abort may be in the log before this process listens. */
const NEWEST = 50;

/** The job whose aborts are listened for. */
export interface AbortableJob {
  readonly id: string;
  readonly onAbort: () => void;
  /** Aborted when the job has ended. */
  readonly ended: AbortSignal;
}

/**
 * Calls `onAbort` when the audit list says that somebody has aborted the job: another instance, whose console somebody
 * uses, writes that. Goes on after failures, and when the topic was created again. Never throws.
 */
export async function listenForAborts(bus: Bus, logger: Logger, { id, onAbort, ended }: AbortableJob): Promise<void> {
  const next = new Map<number, number>();
  while (!ended.aborted) {
    try {
      const extents = await withTimeout(TIMEOUT_MS, bus.extents(ACTIONS_TOPIC));
      for (const { partition, first, end } of extents) {
        const known = next.get(partition) ?? end - NEWEST;
        let offset = known > end ? first : Math.max(first, known);
        for (; offset < end; offset += 1) {
          const record = await bus.firstRecord(ACTIONS_TOPIC, partition, offset);
          if (!record) continue;
          offset = record.offset;
          const entry = parseAction(record.value);
          if (entry?.action === 'abort' && entry.target === id) onAbort();
        }
        next.set(partition, offset);
      }
    } catch (error) {
      logger.debug({ err: error }, 'cannot listen for aborts of other instances yet');
    }
    await sleep(POLL_INTERVAL_MS, undefined, { signal: ended }).catch(() => undefined);
  }
}
