import { faultsOf, standstill } from './fault.mjs';

const fault = faultsOf('instances');

/** @type {import('./fault.mjs').Fault[]} */
export const instanceFaults = [
  fault('kill-instance', 'kill -9 of one instance, started again', async ({ fleet, random, wait }) => {
    const instance = random.pick(fleet.instances);
    await instance.kill();
    await wait(random.integer(1, 8));
    instance.start();
  }),
  fault(
    'kill-module',
    'kill -9 of both instances of a module at once, started again',
    async ({ fleet, random, wait }) => {
      const those = fleet.of(random.pick(['accounts', 'orders']));
      await Promise.all(those.map((each) => each.kill()));
      await wait(random.integer(1, 8));
      those.forEach((each) => each.start());
    },
  ),
  fault('kill-all-instances', 'kill -9 of every instance at once, started again', async ({ fleet, random, wait }) => {
    await Promise.all(fleet.instances.map((each) => each.kill()));
    await wait(random.integer(1, 4));
    fleet.instances.forEach((each) => each.start());
  }),
  fault('stop-instance', 'SIGSTOP of one instance, continued after 20 to 40 s', async (world) => {
    const instance = world.random.pick(world.fleet.instances);
    instance.stop();
    await world.wait(standstill(world));
    instance.continue();
    await world.wait(3);
  }),
  fault('restart-instance', 'controlled restart of one instance', async ({ fleet, random }) => {
    const instance = random.pick(fleet.instances);
    await instance.end();
    instance.start();
    await instance.ready();
  }),
  fault('roll-instances', 'rolling restart of every instance', async ({ fleet }) => {
    for (const instance of [...fleet.instances]) {
      await instance.end();
      instance.start();
      await instance.ready();
    }
  }),
  fault(
    'churn-instances',
    'instances of both modules come and go every few seconds',
    async ({ fleet, random, wait }) => {
      for (let round = 0; round < 5; round += 1) {
        const added = await fleet.add(random.pick(['accounts', 'orders']));
        await wait(random.integer(2, 5));
        const other = random.pick(fleet.instances.filter((each) => each !== added));
        await (random.chance(0.5) ? other.kill() : other.end());
        other.start();
        await wait(random.integer(1, 3));
        await fleet.remove(added, random.chance(0.5));
      }
    },
  ),
];
