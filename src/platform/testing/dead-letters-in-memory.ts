import { EmbeddedBus } from '../embedded/bus.js';
import { openEmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedProjection } from '../embedded/projection.js';
import type { DeadLettersFixture, NamedState } from './dead-letters-world.js';
import { silentLogger } from './silent-logger.js';

/** Opens a log and copies in memory. */
export async function openDeadLettersInMemory(): Promise<DeadLettersFixture> {
  const [log, database] = await Promise.all([openEmbeddedDatabase('memory'), openEmbeddedDatabase('memory')]);
  const bus = new EmbeddedBus(log, silentLogger);
  return {
    bus,
    copies: new EmbeddedProjection<NamedState>(database.level, 'copies'),
    dispose: async () => {
      await bus.close();
      await database.close();
    },
  };
}
