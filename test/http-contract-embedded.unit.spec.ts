import { inMemory } from '../src/platform/process/backends.js';
import type { EmbeddedDatabase } from '../src/platform/embedded/database.js';
import { httpContract } from './http-contract/suite.js';

httpContract('on the embedded adapters', {
  settings: () => ({}),
  backends: (_config, logger) => inMemory(logger),
  dump: async (database) => {
    const entries = await (database as EmbeddedDatabase).level.iterator().all();
    return entries.map(([key, value]) => `${key} ${value}`);
  },
});
