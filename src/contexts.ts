import { accounts } from './accounts/accounts.module.js';
import { orders } from './orders/orders.module.js';
import type { BoundedContext } from './platform/context.js';

/** The bounded contexts of this code base. */
export const CONTEXTS: readonly BoundedContext[] = [accounts, orders];
