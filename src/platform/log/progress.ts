import type { LogReader } from './bus.js';
import type { Route } from './route.js';

type Progress = LogReader['progress'];

/** Returns the number of records handled, and the number of all between start and end. */
export function progressOf(routes: Iterable<Route>): Progress {
  return sumOf([...routes].map(({ read, end, first }) => ({ read, total: end - first })));
}

/** Returns the progress of several readers together. */
export function sumOf(all: Iterable<Progress>): Progress {
  const sum = { read: 0, total: 0 };
  for (const { read, total } of all) {
    sum.read += read;
    sum.total += total;
  }
  return sum;
}
