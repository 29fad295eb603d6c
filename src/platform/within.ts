/**
 * Answers as `work` does. Every command waits in it, so it makes nothing but a timer.
 * @throws Error `TimeoutError` when that takes longer than so many milliseconds; the work goes on then.
 */
export function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(Object.assign(new Error(`no answer within ${milliseconds} ms`), { name: 'TimeoutError' }));
    }, milliseconds);
    timer.unref();
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
