import { positionsContract } from '../recovery/positions.contract.js';
import { openEmbeddedDatabase } from './embedded-database.js';
import { EmbeddedPositions } from './embedded-positions.js';

positionsContract('EmbeddedPositions', async () => {
  const database = await openEmbeddedDatabase('memory');
  return { positions: new EmbeddedPositions(database.level), dispose: () => database.close() };
});
