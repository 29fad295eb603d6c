import { faultsOf, standstill } from './fault.mjs';

const fault = faultsOf('members');

/** @type {import('./fault.mjs').Fault[]} */
export const memberFaults = [
  fault('kill-primary', 'kill -9 of the primary, started again', async ({ cluster, random, wait }) => {
    await cluster.kill(await cluster.primary());
    await wait(random.integer(4, 12));
    await cluster.mend('mongodb');
  }),
  fault('kill-secondary', 'kill -9 of a secondary, started again', async ({ cluster, random, wait }) => {
    const primary = await cluster.primary();
    await cluster.kill(random.pick(cluster.members.filter((each) => each !== primary)));
    await wait(random.integer(4, 12));
    await cluster.mend('mongodb');
  }),
  fault('stop-primary', 'SIGSTOP of the primary, continued after 20 to 40 s', async (world) => {
    await world.cluster.pause(await world.cluster.primary());
    await world.wait(standstill(world));
    await world.cluster.mend('mongodb');
  }),
  fault('roll-members', 'rolling restart of every member', async ({ cluster, random, wait }) => {
    for (const member of random.shuffled(cluster.members)) {
      await cluster.restart(member);
      await wait(random.integer(2, 4));
    }
  }),
  fault('step-down', 'the primary steps down, three times', async ({ cluster, wait }) => {
    for (let round = 0; round < 3; round += 1) {
      const primary = await cluster.primary();
      await cluster.stepDown(primary, 10);
      await wait(4);
      await cluster.primary([primary]);
    }
  }),
  fault('kill-two-members', 'kill -9 of two of three members at once', async ({ cluster, random, wait }) => {
    const [one, other] = random.shuffled(cluster.members);
    await Promise.all([cluster.kill(String(one)), cluster.kill(String(other))]);
    await wait(random.integer(3, 10));
    await cluster.mend('mongodb');
  }),
  fault('kill-all-members', 'kill -9 of all members at once', async ({ cluster, random, wait }) => {
    await Promise.all(cluster.members.map((each) => cluster.kill(each)));
    await wait(random.integer(1, 6));
    await cluster.mend('mongodb');
  }),
  fault(
    'rollback',
    'the primary is cut off, another is elected without its last writes, which it takes back',
    async (world) => {
      const { cluster, wait, say } = world;
      const rollbacks = cluster.rollbacks();
      const primary = await cluster.primary();
      const secondaries = cluster.members.filter((each) => each !== primary);
      await Promise.all(secondaries.map((each) => cluster.kill(each)));
      // It takes writes that nobody else has, and steps down only when it has missed the others for a while.
      await wait(1.2);
      await cluster.pause(primary);
      await cluster.startKilled('mongodb');
      await cluster.primary([primary]);
      await wait(3);
      await cluster.mend('mongodb');
      await wait(3);
      say(`${primary} took back what it alone had: ${cluster.rollbacks() > rollbacks ? 'yes' : 'it had nothing'}`);
    },
  ),
];
