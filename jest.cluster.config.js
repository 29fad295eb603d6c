import config from './jest.config.js';

const { displayName: _, ...real } = config.projects.find(({ displayName }) => displayName === 'real');

/**
 * The tests that take minutes: those that need three brokers and three members of a replica set (3 GB), and the faults
 * during a switch of generations.
 */
export default {
  ...config,
  maxWorkers: 1,
  projects: [
    {
      ...real,
      displayName: 'cluster',
      testMatch: ['**/cluster.spec.ts', '**/cluster-primary.spec.ts', '**/generation-faults.spec.ts'],
    },
  ],
};
