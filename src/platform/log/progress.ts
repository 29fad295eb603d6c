import type { LogReader } from './bus.js';
import type { Route } from './route.js';

/** Returns the number of records handled, and the number of all between start and end. */
export function progressOf(routes: Iterable<Route>): LogReader['progress'] {
  let [read, total] = [0, 0];
  for (const route of routes) {
    read += route.read;
    total += route.end - route.first;
  }
  return { read, total };
}
