import { expect, it } from '@jest/globals';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { type Copy, projectionContract } from '../views/projection.contract.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './database.js';
import { EmbeddedProjection } from './projection.js';

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

it('rejects a state that is nested too deeply for JSON as not storable', async () => {
  const database = await openEmbeddedDatabase('memory');
  const projection = new EmbeddedProjection<unknown>(database.level, 'copies');
  const state: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));

  await expect(projection.apply([{ id: 'a', version: 1, state }])).rejects.toMatchObject({ code: 'not-storable' });
  await projection.apply([{ id: 'a', version: 1, state: {} }]);
  expect(await projection.find('a')).toBeDefined();
  await database.close();
});

function projectionOver({ level }: EmbeddedDatabase): EmbeddedProjection<Copy> {
  return new EmbeddedProjection<Copy>(level, 'copies');
}
