/** What tests are made of; it does not ship. A context's specs import nothing deeper. */
export { aggregatesContract } from './aggregate/aggregates.contract.js';
export { busContract } from './log/bus.contract.js';
export { historyContract } from './views/history.contract.js';
export { listingContract } from './views/listing.contract.js';
export { projectionContract } from './views/projection.contract.js';
export { inMemory } from './process/backends.js';
export { Process } from './process/process.js';
export { eventually } from './testing/eventually.js';
export { openInMemory } from './testing/open-in-memory.js';
export { silentLogger } from './testing/silent-logger.js';
export { startInMemory } from './testing/start-in-memory.js';
