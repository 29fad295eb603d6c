import { describe, it } from '@jest/globals';

/**
 * `describe`, for what stops and kills servers and so needs some of its own, which only the servers script gives.
 * Without it they are skipped, and said so at the end of the run; with REQUIRE_REAL_SERVERS=1 they fail.
 */
export function describeWhereOwnServersRun(name: string, tests: () => void): void {
  const { NO_OWN_SERVERS: missing, REQUIRE_REAL_SERVERS: required } = process.env;
  if (missing === undefined) {
    describe(name, tests);
  } else if (required === '1') {
    describe(name, () => {
      it('has servers of its own', () => {
        throw new Error(`REQUIRE_REAL_SERVERS is 1, and there are no servers to stop and kill: ${missing}`);
      });
    });
  } else {
    describe.skip(name, tests);
  }
}
