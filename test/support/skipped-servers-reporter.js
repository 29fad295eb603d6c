/** Says at the end of a run, so that nobody can miss it, that the tests on real servers did not run. */
export default class SkippedServersReporter {
  onRunComplete() {
    const { FOUND_NO_SERVERS: none, NO_OWN_SERVERS: noneOfTheirOwn, REQUIRE_REAL_SERVERS: required } = process.env;
    const what = none === undefined ? 'that stops or kills' : 'on';
    const missing = none ?? noneOfTheirOwn;
    if (missing === undefined || required === '1') return;
    console.error(
      `\n!!! SKIPPED: every test ${what} the real Kafka and MongoDB did not run, for want of them: ${missing}\n`,
    );
  }
}
