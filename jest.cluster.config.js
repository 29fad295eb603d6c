import config, { LONG } from './jest.config.js';

const {
  displayName: _,
  testPathIgnorePatterns: __,
  ...real
} = config.projects.find(({ displayName }) => displayName === 'real');

/** The tests that take minutes: those that need three brokers and three members of a replica set (3 GB), and the long ones. */
export default {
  ...config,
  maxWorkers: 1,
  projects: [
    {
      ...real,
      displayName: 'cluster',
      testMatch: ['**/cluster.spec.ts', '**/cluster-primary.spec.ts', ...LONG.map((path) => `**${path}`)],
    },
  ],
};
