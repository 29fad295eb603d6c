const common = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true },
        },
      },
    ],
  },
};

/**
 * Tests that take a minute and more each, of what is lost, restored, switched or set up wrongly, and of several consoles:
 * `npm run test:cluster` runs them.
 */
export const LONG = [
  'console-instances.e2e',
  'forgetting-crash.e2e',
  'generation-faults.e2e',
  'outage.e2e',
  'real-recovery.e2e',
  'real-replay.e2e',
  'real-republish.e2e',
  'real-verify.e2e',
  'replay-while-serving.int',
  'sealed-generations.e2e',
  'topics.e2e',
].map((name) => `/test/${name}.spec.ts`);

export default {
  testTimeout: 60_000,
  maxWorkers: 2,
  // The modules of each file stay in memory, and a heap of gigabytes makes the tests that come last ten times as slow.
  workerIdleMemoryLimit: '1GB',
  reporters: [
    'default',
    '<rootDir>/test/support/durations-reporter.js',
    '<rootDir>/test/support/skipped-servers-reporter.js',
  ],
  projects: [
    { ...common, displayName: 'unit', testMatch: ['**/*.unit.spec.ts'] },
    {
      ...common,
      displayName: 'real',
      testMatch: ['**/*.int.spec.ts', '**/*.e2e.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', ...LONG],
      globalSetup: '<rootDir>/test/support/start-servers.js',
      globalTeardown: '<rootDir>/test/support/stop-servers.js',
    },
  ],
};
