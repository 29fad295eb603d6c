import type { Bus, ReadFrom, RecordHandler } from './bus.js';

/**
 * Reads topics to where they end now, outside all consumer groups.
 * @throws as `caughtUp` of a log reader
 */
export async function readToEnd(
  bus: Pick<Bus, 'read'>,
  topics: readonly string[],
  handler: RecordHandler,
  from?: ReadFrom,
): Promise<void> {
  const reader = await bus.read(topics, handler, from);
  await reader.caughtUp().finally(() => reader.stop());
}
