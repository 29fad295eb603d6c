/**
 * Resolves like `work`. It uses a plain timer, because every command waits here and an abort controller costs 25 µs.
 * @throws Error `TimeoutError` after `milliseconds`; the work itself is not stopped
 */
export function withTimeout<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(Object.assign(new Error(`no answer within ${milliseconds} ms`), { name: 'TimeoutError' }));
    }, milliseconds);
    timer.unref();
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
