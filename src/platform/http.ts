/** What a context's controllers are made of. */
export { parseIfMatch } from './http/conditional.js';
export { idempotencyOf } from './http/idempotency.js';
export { mergePatch } from './http/merge-patch.js';
export { parsePreferWait } from './http/prefer.js';
export type { Problem } from './http/problem.js';
export { conditionsOf, ResourceController } from './http/resource-controller.js';
export { parseTime, type Time } from './http/time.js';
