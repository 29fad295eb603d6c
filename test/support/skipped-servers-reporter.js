/** Says at the end of a run, so that nobody can miss it, which tests did not run for want of what they need. */
export default class SkippedServersReporter {
  onRunComplete() {
    const { FOUND_NO_SERVERS: none, NO_OWN_SERVERS: noneOfTheirOwn } = process.env;
    if (process.env.REQUIRE_BROWSER !== '1') say('of the console in a browser', process.env.NO_CHROMIUM);
    if (process.env.REQUIRE_PLATFORMATIC !== '1') say('with @platformatic/kafka', process.env.NO_PLATFORMATIC);
    if (process.env.REQUIRE_REAL_SERVERS === '1') return;
    const what = none === undefined ? 'that stops or kills' : 'on';
    say(`${what} the real Kafka and MongoDB`, none ?? noneOfTheirOwn);
    say('of the gateway', process.env.NO_HAPROXY);
    say('of the alerts', process.env.NO_PROMTOOL);
    say('of linearizability', process.env.NO_GO);
    say('of the Kubernetes manifests and of compose.yaml', process.env.NO_KUBERNETES_TOOLS);
  }
}

/** @param {string} tests @param {string | undefined} missing */
function say(tests, missing) {
  if (missing !== undefined)
    console.error(`\n!!! SKIPPED: every test ${tests} did not run, for want of it: ${missing}\n`);
}
