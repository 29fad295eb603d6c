import modules, { TEST_CODE } from './.dependency-cruiser.mjs';

/**
 * The rule on folders, which cannot leave out tests by itself: they may use whatever they need to test theirs with.
 * @type {import('dependency-cruiser').IConfiguration}
 */
export default {
  forbidden: [
    {
      name: 'platform-has-no-circle-of-folders',
      comment: 'Folders that need each other are one folder: they can be read, and taken out, only together.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^src/platform/.' },
      to: { circular: true },
    },
  ],
  options: { ...modules.options, exclude: { path: TEST_CODE } },
};
