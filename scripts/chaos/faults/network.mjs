import { FAULTY } from '../network.mjs';

/** @typedef {import('../network.mjs').Link} Link */

const WORDS = {
  'black-hole': 'nothing arrives and nothing is closed',
  'half-close': 'requests arrive, in place of answers the stream ends',
  reset: 'connections are reset, new ones at once',
  drop: 'connections are closed every two seconds',
  delay: 'everything takes 500 ms longer each way',
};

/** @type {Record<string, { about: string, links: (world: import('./fault.mjs').World) => Link[] }>} */
const scopes = {
  instance: {
    about: 'between one instance and all servers',
    links: ({ fleet, random }) => [...random.pick(fleet.instances).links],
  },
  all: {
    about: 'between all instances and all servers',
    links: ({ fleet }) => fleet.instances.flatMap(({ links }) => links),
  },
  server: {
    about: 'between all instances and one server',
    links: ({ fleet, cluster, random }) => {
      const port = cluster.portOf(random.pick([...cluster.brokers, ...cluster.members]));
      return fleet.instances.flatMap(({ links }) => links.filter(({ serverPort }) => serverPort === port));
    },
  },
};

/** @type {import('./fault.mjs').Fault[]} */
export const networkFaults = FAULTY.flatMap((behaviour) =>
  Object.entries(scopes).map(([scope, { about, links }]) => ({
    name: `${behaviour}-${scope}`,
    family: /** @type {const} */ ('network'),
    about: `${WORDS[behaviour]}, ${about}`,
    make: async (world) => {
      const those = links(world);
      those.forEach((link) => link.behave(behaviour));
      await world.wait(world.random.integer(6, 16));
      those.forEach((link) => link.behave('pass'));
    },
  })),
);
