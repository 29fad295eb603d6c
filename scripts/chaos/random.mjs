/**
 * @typedef {object} Random choices that follow from a seed alone
 * @property {() => number} next at least 0, less than 1
 * @property {(from: number, to: number) => number} integer both included
 * @property {<T>(items: readonly T[]) => T} pick
 * @property {<T>(items: readonly T[]) => T[]} shuffled
 * @property {(probability: number) => boolean} chance
 */

/** Mulberry32. @param {number} seed @returns {Random} */
export function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (/** @type {number} */ from, /** @type {number} */ to) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    integer,
    pick: (items) => {
      if (items.length === 0) throw new Error('there is nothing to pick from');
      return /** @type {any} */ (items[integer(0, items.length - 1)]);
    },
    shuffled: (items) => {
      const rest = [...items];
      return items.map(() => /** @type {any} */ (rest.splice(integer(0, rest.length - 1), 1)[0]));
    },
    chance: (probability) => next() < probability,
  };
}
