import { CONTEXTS } from './contexts.js';
import { run } from './platform/run.js';

await run(CONTEXTS);
