/**
 * @typedef {object} World what faults are made in
 * @property {import('../cluster.mjs').Cluster} cluster
 * @property {import('../fleet.mjs').Fleet} fleet
 * @property {import('../random.mjs').Random} random of this fault
 * @property {(seconds: number) => Promise<void>} wait
 * @property {(line: string) => void} say
 * @property {(...args: string[]) => Promise<{ code: number, output: string }>} command runs one of the product's
 * @property {boolean} isAlone no other fault is being made
 */

/**
 * @typedef {object} Fault
 * @property {string} name
 * @property {'instances' | 'brokers' | 'members' | 'network' | 'clock' | 'replay' | 'disk'} family of two faults at once each is of another
 * @property {string} about one line
 * @property {() => string | undefined} [missing] what of this machine it lacks
 * @property {(world: World) => Promise<import('../facts.mjs').Finding[] | void>} make makes it, lets it last and takes it
 *   back; resolves with what it found out itself
 */

/** @param {Fault['family']} family @returns {(name: string, about: string, make: Fault['make']) => Fault} */
export const faultsOf = (family) => (name, about, make) => ({ name, family, about, make });

/** Seconds that a process stands still: longer than sessions and elections take. @param {World} world */
export const standstill = ({ random }) => random.integer(20, 40);
