import { openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import { arrivalOrderContract } from './arrival-order.contract.js';

arrivalOrderContract(async () => {
  const database = await openEmbeddedDatabase('memory');
  return { processes: [database], close: () => database.close() };
}, 40);
