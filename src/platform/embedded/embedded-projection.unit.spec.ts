import { temporaryFolder } from '../../../test/support/temporary-folder.js';
import { type Copy, projectionContract } from '../projection/projection.contract.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './embedded-database.js';
import { EmbeddedProjection } from './embedded-projection.js';

projectionContract('EmbeddedProjection in memory', { runs: 100 }, async () => {
  const database = await openEmbeddedDatabase('memory');
  return {
    writers: [projectionOver(database)],
    reopen: () => Promise.resolve(projectionOver(database)),
    dispose: () => database.close(),
  };
});

projectionContract('EmbeddedProjection on disk', { runs: 20 }, async () => {
  const folder = await temporaryFolder();
  let database = await openEmbeddedDatabase(folder.path);
  return {
    writers: [projectionOver(database)],
    reopen: async () => {
      await database.close();
      database = await openEmbeddedDatabase(folder.path);
      return projectionOver(database);
    },
    dispose: async () => {
      await database.close();
      await folder.remove();
    },
  };
});

function projectionOver({ level }: EmbeddedDatabase): EmbeddedProjection<Copy> {
  return new EmbeddedProjection<Copy>(level, 'copies');
}
