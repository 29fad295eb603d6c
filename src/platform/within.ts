import { setTimeout as sleep } from 'node:timers/promises';

/** Answers as `work` does. @throws Error when that takes longer than so many milliseconds; the work goes on then. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new Error(`no answer within ${milliseconds} ms`);
  });
  for (const loser of [work, late]) loser.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
