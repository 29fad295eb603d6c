/** Says at the end of a run, so that nobody can miss it, that the tests on real servers did not run. */
export default class SkippedServersReporter {
  onRunComplete() {
    const missing = process.env.FOUND_NO_SERVERS;
    if (missing === undefined) return;
    console.error(
      `\n!!! SKIPPED: every test on the real Kafka and MongoDB did not run, for want of them: ${missing}\n`,
    );
  }
}
