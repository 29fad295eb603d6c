import { describe, it } from '@jest/globals';

/**
 * `describe`, for what stops and kills servers and so needs some of its own, which only the servers script gives.
 * Without it they are skipped, and said so at the end of the run; with REQUIRE_REAL_SERVERS=1 they fail.
 */
export function describeWhereOwnServersRun(name: string, tests: () => void): void {
  describeUnlessMissing(process.env.NO_OWN_SERVERS, 'no server to stop and kill', name, tests);
}

/** `describe`, skipped when something is missing; with REQUIRE_REAL_SERVERS=1 it fails instead. */
export function describeUnlessMissing(
  missing: string | undefined,
  without: string,
  name: string,
  tests: () => void,
): void {
  if (missing === undefined) {
    describe(name, tests);
  } else if (process.env.REQUIRE_REAL_SERVERS === '1') {
    describe(name, () => {
      it('has what it needs', () => {
        throw new Error(`REQUIRE_REAL_SERVERS is 1, and there is ${without}: ${missing}`);
      });
    });
  } else {
    describe.skip(name, tests);
  }
}
