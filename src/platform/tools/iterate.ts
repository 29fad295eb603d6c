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

/**
 * Walks through two sorted sequences together. Yields what is equal as a pair, and everything else alone.
 * @param compare negative if the first comes before the second
 */
export async function* paired<A, B>(
  first: AsyncIterable<A>,
  second: AsyncIterable<B>,
  compare: (a: A, b: B) => number,
): AsyncGenerator<readonly [a: A | undefined, b: B | undefined]> {
  const [left, right] = [iterate(first), iterate(second)];
  try {
    let [a, b] = [await left.next(), await right.next()];
    while (a !== undefined || b !== undefined) {
      const order = a === undefined ? 1 : b === undefined ? -1 : compare(a, b);
      yield [order <= 0 ? a : undefined, order >= 0 ? b : undefined];
      if (order <= 0) a = await left.next();
      if (order >= 0) b = await right.next();
    }
  } finally {
    await Promise.all([left.end(), right.end()]);
  }
}
