/** Reads items one at a time, as they are needed. */
export interface Iterated<T> {
  /** Returns the next item; undefined at the end. */
  next(): Promise<T | undefined>;
  /** Ends the reading early. */
  end(): Promise<void>;
}

/** Returns a way to read items one at a time. */
export function iterate<T>(items: AsyncIterable<T>): Iterated<T> {
  const iterator = items[Symbol.asyncIterator]();
  return {
    next: async () => {
      const next = (await iterator.next()) as IteratorResult<T, undefined>;
      return next.value;
    },
    end: async () => {
      await iterator.return?.();
    },
  };
}
