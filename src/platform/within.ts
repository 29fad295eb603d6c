import { setTimeout as sleep } from 'node:timers/promises';

/** Answers as `work` does. @throws Error `TimeoutError` when that takes longer than so many milliseconds; the work goes on then. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw Object.assign(new Error(`no answer within ${milliseconds} ms`), { name: 'TimeoutError' });
  });
  for (const loser of [work, late]) loser.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
