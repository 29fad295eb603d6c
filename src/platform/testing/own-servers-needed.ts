import { describe, it } from '@jest/globals';

/**
 * `describe` for tests that stop or kill servers. They start their own servers with the servers script. Without it they
 * are skipped and listed at the end of the run; with REQUIRE_REAL_SERVERS=1 they fail.
 */
export function describeWhereOwnServersRun(name: string, tests: () => void): void {
  describeUnlessMissing(process.env.NO_OWN_SERVERS, 'no server to stop and kill', name, tests);
}

/** `describe` that is skipped when a requirement is missing; with REQUIRE_REAL_SERVERS=1 it fails instead. */
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
