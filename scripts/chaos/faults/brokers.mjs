import { faultsOf, standstill } from './fault.mjs';

const fault = faultsOf('brokers');

/** @type {import('./fault.mjs').Fault[]} */
export const brokerFaults = [
  fault('kill-broker', 'kill -9 of one broker, started again', async ({ cluster, random, wait }) => {
    await cluster.kill(random.pick(cluster.brokers));
    await wait(random.integer(4, 12));
    await cluster.mend('kafka');
  }),
  fault('stop-broker', 'SIGSTOP of one broker, continued after 20 to 40 s', async (world) => {
    await world.cluster.pause(world.random.pick(world.cluster.brokers));
    await world.wait(standstill(world));
    await world.cluster.mend('kafka');
  }),
  fault('restart-broker', 'controlled restart of one broker', async ({ cluster, random }) => {
    await cluster.restart(random.pick(cluster.brokers));
  }),
  fault('roll-brokers', 'rolling restart of every broker', async ({ cluster, random, wait }) => {
    for (const broker of random.shuffled(cluster.brokers)) {
      await cluster.restart(broker);
      await wait(random.integer(2, 5));
    }
  }),
  fault('move-leaders', 'the leaders of all partitions are moved, by reassignment, three times', async (world) => {
    for (let round = 0; round < 3; round += 1) {
      await world.cluster.moveLeaders();
      await world.wait(2);
    }
  }),
  fault('kill-controller', 'kill -9 of the active controller, started again', async ({ cluster, random, wait }) => {
    await cluster.kill(cluster.controller());
    await wait(random.integer(4, 12));
    await cluster.mend('kafka');
  }),
  fault('stop-controller', 'SIGSTOP of the active controller, continued after 20 to 40 s', async (world) => {
    await world.cluster.pause(world.cluster.controller());
    await world.wait(standstill(world));
    await world.cluster.mend('kafka');
  }),
  fault('kill-two-brokers', 'kill -9 of two of three brokers at once', async ({ cluster, random, wait }) => {
    const [one, other] = random.shuffled(cluster.brokers);
    await Promise.all([cluster.kill(String(one)), cluster.kill(String(other))]);
    await wait(random.integer(5, 15));
    await cluster.mend('kafka');
  }),
  fault('kill-all-brokers', 'kill -9 of all brokers at once', async ({ cluster, random, wait }) => {
    await Promise.all(cluster.brokers.map((each) => cluster.kill(each)));
    await wait(random.integer(3, 10));
    await cluster.mend('kafka');
  }),
];
