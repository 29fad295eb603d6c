import { historyContract } from '../history/history.contract.js';
import { openEmbeddedDatabase } from './embedded-database.js';
import { EmbeddedHistory } from './embedded-history.js';

historyContract('EmbeddedHistory', async () => {
  const database = await openEmbeddedDatabase('memory');
  return {
    histories: [new EmbeddedHistory(database.level, 'history')],
    runs: 100,
    dispose: () => database.close(),
  };
});
