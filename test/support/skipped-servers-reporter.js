/** Says at the end of a run, so that nobody can miss it, which tests did not run for want of servers or of the gateway. */
export default class SkippedServersReporter {
  onRunComplete() {
    const { FOUND_NO_SERVERS: none, NO_OWN_SERVERS: noneOfTheirOwn, NO_HAPROXY: noGateway } = process.env;
    if (process.env.REQUIRE_REAL_SERVERS === '1') return;
    const what = none === undefined ? 'that stops or kills' : 'on';
    say(`${what} the real Kafka and MongoDB`, none ?? noneOfTheirOwn);
    say('of the gateway', noGateway);
  }
}

/** @param {string} tests @param {string | undefined} missing */
function say(tests, missing) {
  if (missing !== undefined)
    console.error(`\n!!! SKIPPED: every test ${tests} did not run, for want of it: ${missing}\n`);
}
