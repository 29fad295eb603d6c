import { checkpointsContract } from '../checkpoints/checkpoints.contract.js';
import { openEmbeddedDatabase } from './database.js';

checkpointsContract('EmbeddedCheckpoints', async () => {
  const database = await openEmbeddedDatabase('memory');
  return { checkpoints: database.checkpoints, dispose: () => database.close() };
});
