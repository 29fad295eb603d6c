import { brokerFaults } from './faults/brokers.mjs';
import { fullDisk } from './faults/full-disk.mjs';
import { instanceFaults } from './faults/instances.mjs';
import { memberFaults } from './faults/members.mjs';
import { networkFaults } from './faults/network.mjs';
import { otherFaults } from './faults/others.mjs';

/** @typedef {import('./faults/fault.mjs').Fault} Fault */

/** Every fault there is. */
export const faults = [...instanceFaults, ...brokerFaults, ...memberFaults, ...networkFaults, ...otherFaults, fullDisk];

/** Of this share of the times two faults are made at once. */
const TWO_AT_ONCE = 0.2;

/**
 * What to make next, without end: every fault once, in an order that follows from the seed, and so on; sometimes two at
 * once, of different families.
 * @param {readonly Fault[]} chosen @param {import('./random.mjs').Random} random
 * @returns {Generator<Fault[], never>}
 */
export function* schedule(chosen, random) {
  for (;;) {
    const round = random.shuffled(chosen);
    for (let [fault] = round; fault !== undefined; [fault] = round) {
      round.shift();
      const others = round.filter(({ family }) => family !== fault?.family);
      const other = others.length > 0 && random.chance(TWO_AT_ONCE) ? random.pick(others) : undefined;
      if (other) round.splice(round.indexOf(other), 1);
      yield other ? [fault, other] : [fault];
    }
  }
}
