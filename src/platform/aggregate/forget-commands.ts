import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CommandRetention } from './aggregates.js';
import { forgottenBefore } from './idempotency.js';

const EVERY_MS = 60 * 60 * 1000;

/**
 * Has the stores forget commands whose 24 hours are over, now and every hour, until `signal` is aborted. Any number of
 * instances may do so.
 */
export async function forgetCommandsRegularly(
  stores: readonly CommandRetention[],
  logger: Logger,
  signal: AbortSignal,
  everyMs = EVERY_MS,
): Promise<void> {
  while (!signal.aborted) {
    for (const store of stores) {
      try {
        await store.forgetCommands(forgottenBefore(Date.now()));
      } catch (error) {
        if (!signal.aborted) logger.warn({ err: error }, 'cannot forget old commands yet');
      }
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
