// Runs the system with believable traffic, to be looked at: `npm run demo -- --help`
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { bytesIn, takeFolder } from './demo/folder.mjs';
import { Traffic } from './demo/traffic.mjs';

const HELP = `Usage: npm run demo -- [--rate 3] [--keep] [--max-mb 120] [--data-dir .demo] [--port 8080] [--management-port 8081]

Starts both contexts on the embedded backends, and makes requests to them until Ctrl-C: people register, change their
names, move, order, cancel, and are erased now and then. Now and then a record comes that nobody can apply, or the
consumer of orders is slow.

  --rate             actions a second, on average; more in bursts (default: 3)
  --keep             goes on with the data of the demo before; otherwise they are deleted
  --max-mb           deletes the data and begins anew when they are larger, with the default rate after 4 to 6 hours
                     (default: 120)
  --data-dir         folder of the data (default: .demo)
  --port, --management-port   0 takes a free one (default: 8080 and 8081)
`;
const STATUS_EVERY_MS = 60_000;
const MEASURE_EVERY_MS = 5_000;
/** Longer than the service may take to stop. */
const STOP_TIMEOUT_MS = 15_000;
/** Keeps the service below 300 MB for days: by default, Node.js takes more before it collects what is not used. */
const MEMORY = ['--max-old-space-size=128', '--max-semi-space-size=8'];
/** Settings of the terminal and the log; nothing else may lead the service to other servers. */
const PASSED_ON = /^(PATH|HOME|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|LANG|TZ|LOG_.*|ACCESS_LOG_SAMPLE)$/;

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '3' },
    keep: { type: 'boolean', default: false },
    'max-mb': { type: 'string', default: '120' },
    'data-dir': { type: 'string', default: '.demo' },
    port: { type: 'string', default: '8080' },
    'management-port': { type: 'string', default: '8081' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const rate = Number(values.rate);
if (!(rate > 0 && rate <= 1_000)) fail('--rate must be a number from 0 to 1000');
const maxBytes = Number(values['max-mb']) * 1_000_000;
if (!(maxBytes > 0)) fail('--max-mb must be a number above 0');

const folder = values['data-dir'];
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopping.abort());
let ports = { port: Number(values.port), managementPort: Number(values['management-port']) };
let code = 0;
for (let keeps = values.keep; !stopping.signal.aborted; keeps = false) code = await runUntilFull(keeps);
process.exit(code);

/**
 * Runs the service under traffic until the demo is stopped, or its data are too large.
 * @param {boolean} keeps the data that there are
 * @returns {Promise<number>} the exit code
 */
async function runUntilFull(keeps) {
  try {
    takeFolder(folder, keeps);
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  const service = startService();
  const exited = once(service, 'exit');
  const started = await Promise.race([once(service, 'message'), exited.then(() => undefined), aborted()]);
  if (!started && !stopping.signal.aborted) fail('The service has not started.');
  if (started) {
    [ports] = /** @type {[typeof ports]} */ (started);
    // A service that ends by itself ends the demo.
    const end = () => stopping.abort();
    service.once('exit', end);
    await showTraffic(service);
    service.off('exit', end);
  }
  service.kill('SIGTERM');
  const late = setTimeout(() => service.kill('SIGKILL'), STOP_TIMEOUT_MS);
  const [exitCode] = await exited;
  clearTimeout(late);
  return exitCode === 0 ? 0 : 1;
}

function startService() {
  return fork('scripts/demo/service.mjs', [], {
    execArgv: MEMORY,
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ON.test(name))),
      DATA_DIR: folder,
      PORT: String(ports.port),
      MANAGEMENT_PORT: String(ports.managementPort),
    },
  });
}

/** Resolves when the demo is stopped, or its data are too large. @param {import('node:child_process').ChildProcess} service */
async function showTraffic(service) {
  const [url, managementUrl] = [ports.port, ports.managementPort].map((each) => `http://127.0.0.1:${each}`);
  console.log(`
  Application: ${url}
  Swagger UI:  ${url}/docs
  Management:  ${managementUrl}
  Console:     ${managementUrl}/console
  Service:     process ${service.pid}, data in ${folder}

  Ctrl-C stops it.
`);
  const traffic = new Traffic(String(url), (trouble) => service.connected && service.send({ trouble }));
  const full = new AbortController();
  const timers = [
    setInterval(() => console.log(describe(traffic.counts)), STATUS_EVERY_MS),
    setInterval(() => bytesIn(folder) > maxBytes && full.abort(), MEASURE_EVERY_MS),
  ];
  await traffic.run(rate, AbortSignal.any([stopping.signal, full.signal]));
  for (const timer of timers) clearInterval(timer);
  console.log(describe(traffic.counts));
  if (full.signal.aborted) console.log('The data are larger than --max-mb: the demo begins anew.');
}

/** @returns {Promise<undefined>} */
function aborted() {
  return new Promise((resolve) => stopping.signal.addEventListener('abort', () => resolve(undefined)));
}

/** @param {import('./demo/traffic.mjs').Counts} counts */
function describe(counts) {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}
