import { positionsContract } from '../consuming/positions.contract.js';
import { openEmbeddedDatabase } from './database.js';
import { EmbeddedPositions } from './positions.js';

positionsContract('EmbeddedPositions', async () => {
  const database = await openEmbeddedDatabase('memory');
  return { positions: new EmbeddedPositions(database.level), dispose: () => database.close() };
});
