/** HTTP building blocks for the controllers of a context. */
export { parseIfMatch } from './http/resources/conditional.js';
export { requireScope } from './http/contract/authentication.js';
export { idempotencyOf } from './http/resources/idempotency.js';
export { mergePatch } from './http/resources/merge-patch.js';
export { onlyFor } from './http/resources/only-for.js';
export { parsePreferWait } from './http/resources/prefer.js';
export type { Problem } from './http/resources/problem.js';
export { conditionsOf, ResourceController } from './http/resources/resource-controller.js';
export { parseTime, type Time } from './http/resources/time.js';
