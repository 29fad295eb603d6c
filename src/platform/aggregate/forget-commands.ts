import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CommandRetention } from './aggregates.js';
import { forgottenBefore } from './idempotency.js';

const EVERY_MS = 60 * 60 * 1000;

/**
 * Drops remembered commands older than 24 hours from the stores, now and every hour, until `signal` is aborted. Any
 * number of instances may do so.
 */
export async function forgetCommandsRegularly(
  stores: readonly CommandRetention[],
  logger: Logger,
  signal: AbortSignal,
  everyMs = EVERY_MS,
): Promise<void> {
  const forget = async (store: CommandRetention) => {
    try {
      await store.forgetCommands(forgottenBefore(Date.now()));
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error }, 'cannot forget old commands yet');
    }
  };
  const pause = () => sleep(everyMs, true, { signal }).catch(() => false);
  do {
    for (const store of stores) await forget(store);
  } while (await pause());
}
