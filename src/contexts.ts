import { accounts } from './accounts/accounts.context.js';
import { orders } from './orders/orders.context.js';
import type { Context } from './platform/context/define-context.js';

/** The bounded contexts of this code base. */
export const CONTEXTS: readonly Context[] = [accounts, orders];
