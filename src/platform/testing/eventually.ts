import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again until the probe no longer throws; then answers what it answers. @throws its last error. */
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
