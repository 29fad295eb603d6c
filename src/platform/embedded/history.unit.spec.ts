import { historyContract } from '../views/history.contract.js';
import { openEmbeddedDatabase } from './database.js';
import { EmbeddedHistory } from './history.js';

historyContract('EmbeddedHistory', async () => {
  const database = await openEmbeddedDatabase('memory');
  return {
    histories: [new EmbeddedHistory(database.level, 'history')],
    runs: 100,
    dispose: () => database.close(),
  };
});
