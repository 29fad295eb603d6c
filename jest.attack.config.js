import config from './jest.config.js';

const { displayName: _, ...real } = config.projects.find(({ displayName }) => displayName === 'real');

/** Attacks through the gateway, two minutes in all. Apart from the other tests, because times and memory decide. */
export default {
  ...config,
  maxWorkers: 1,
  projects: [{ ...real, displayName: 'attack', testMatch: ['**/attack.spec.ts'] }],
};
