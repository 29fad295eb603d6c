import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats the probe until it no longer throws, and returns its result. @throws the last error, after the timeout */
export async function eventually<T>(probe: () => Promise<T> | T, { within = 30_000, every = 50 } = {}): Promise<T> {
  const deadline = Date.now() + within;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await sleep(every);
  }
}
