import { afterAll, beforeAll, describe } from '@jest/globals';
import { cardNumbers } from './card-numbers.contract.js';
import { changing } from './changing.contract.js';
import { past } from './past.contract.js';
import { erasing } from './erasing.contract.js';
import { everywhere } from './everywhere.contract.js';
import { idempotency } from './idempotency.contract.js';
import { listing } from './listing.contract.js';
import { ordering } from './ordering.contract.js';
import { registering } from './registering.contract.js';
import { type Adapters, System } from './system.js';
import { waiting } from './waiting.contract.js';

const PARTS = [cardNumbers, registering, changing, past, listing, erasing, ordering, waiting, idempotency, everywhere];

/** All that http-api.md promises, against the real composition on one set of adapters. */
export function httpContract(where: string, adapters: Adapters, describeIt: typeof describe.skip = describe): void {
  describeIt(`the HTTP contract ${where}`, () => {
    let running: System;
    beforeAll(async () => {
      running = await System.start(adapters);
    });
    afterAll(() => running.stop());

    for (const part of PARTS) describe('', () => part(() => running));
  });
}
