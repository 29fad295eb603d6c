import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Route } from './route.js';

/** Follows a route, at most `step` records at a time, and returns the offsets that were read. */
function follow(route: Route, step: number): number[] {
  const offsets: number[] = [];
  while (!route.hasReached(route.end)) {
    const stop = Math.min(route.next + step, route.until, route.end);
    for (let offset = route.next; offset < stop; offset += 1) offsets.push(offset);
    route.advance(stop);
  }
  return offsets;
}

describe('the route of a reader', () => {
  it('begins with the oldest record if it has no windows', () => {
    expect(follow(new Route(2, 7), 2)).toEqual([2, 3, 4, 5, 6]);
  });

  it('has the newest window first, and its records in order', () => {
    expect(follow(new Route(2, 9, 3), 2)).toEqual([6, 7, 8, 3, 4, 5, 2]);
  });

  it('ends with what was appended meanwhile', () => {
    const route = new Route(0, 4, 2);
    route.end = 6;
    expect(follow(route, 3)).toEqual([2, 3, 0, 1, 4, 5]);
  });

  it('has each record once, and counts them, whatever the windows and the steps', () => {
    const sizes = fc.tuple(
      fc.nat(5),
      fc.nat(30),
      fc.nat(9),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 7 }),
    );
    fc.assert(
      fc.property(sizes, ([first, length, more, window, step]) => {
        const route = new Route(first, first + length, window);
        route.end += more;
        const offsets = follow(route, step);
        expect(offsets.toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: length + more }, (_, index) => first + index),
        );
        expect(route.read).toBe(length + more);
      }),
    );
  });

  it('goes to the next window if a window ends with offsets that have no record', () => {
    const route = new Route(0, 6, 3);
    expect(route.advance(5)).toBe(false);
    expect(route.advance(8)).toBe(true);
    expect([route.next, route.until, route.read]).toEqual([0, 3, 3]);
  });
});
