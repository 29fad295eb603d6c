import { describe } from '@jest/globals';
import type { BusFixture } from '../testing/bus-world.js';
import { consumerGroupContract } from './consumer-group.contract.js';
import { logContract } from './log.contract.js';
import { logReaderContract } from './log-reader.contract.js';
import { readingPartsContract } from './reading-parts.contract.js';
import { startingContract } from './starting.contract.js';

/** What is true of every bus. */
export function busContract(name: string, openFixture: () => Promise<BusFixture>): void {
  describe(`${name} as a log`, () => logContract(openFixture));
  describe(`${name} read apart from groups`, () => logReaderContract(openFixture));
  describe(`${name} read in parts`, () => readingPartsContract(openFixture));
  describe(`${name} told where to start`, () => startingContract(openFixture));
  describe(`${name} with consumer groups`, () => consumerGroupContract(openFixture));
}
