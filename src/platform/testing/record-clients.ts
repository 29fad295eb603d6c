import { describe, expect, it } from '@jest/globals';
import type { RecordClientName } from '../operating/config/kafka-settings.js';
import { describeWithRealServers } from './real-servers.js';

type Describe = (name: string, tests: () => void) => void;

/**
 * `describe` for each client of Kafka. Where this Node.js cannot run one, its tests are skipped and listed at the end of
 * the run; with REQUIRE_PLATFORMATIC=1 they fail.
 * @param describing how the tests of a client are described
 */
export function describeWithEachClient(
  name: string,
  tests: (client: RecordClientName) => void,
  describing: Describe = describeWithRealServers,
): void {
  describing(`${name}, with kafkajs`, () => tests('kafkajs'));
  const other = `${name}, with @platformatic/kafka`;
  const missing = process.env.NO_PLATFORMATIC;
  if (missing === undefined) describing(other, () => tests('platformatic'));
  else if (process.env.REQUIRE_PLATFORMATIC === '1') {
    describe(other, () => it('has a Node.js that can run it', () => expect(missing).toBeUndefined()));
  } else describe.skip(other, () => tests('platformatic'));
}
