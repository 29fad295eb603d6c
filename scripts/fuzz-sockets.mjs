// Fuzzes the built process below HTTP, with bytes on raw sockets: `node scripts/fuzz-sockets.mjs --help`
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startProcess } from './fuzz/process.mjs';
import { randomFrom, requestFrom } from './fuzz/raw-requests.mjs';

const help = `Usage: npm run build && node scripts/fuzz-sockets.mjs [--inputs 50000] [--seed 20261127]

Sends malformed and truncated requests on raw sockets to an embedded process, and checks that each response is one,
that none is 500, that no request gets another one's response, and that the process stays alive, quiet and small.
`;
const AT_ONCE = 200;
const MAX_BYTES = 350_000_000;
const READ_MS = 300;

/** @param {number} port @param {Buffer} input @returns {Promise<string>} all that comes back, until it is quiet */
function send(port, input) {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1');
    const end = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(READ_MS, end).setEncoding('latin1');
    socket.on('data', (/** @type {string} */ text) => (answer += text));
    socket.on('error', end).on('close', end);
    socket.write(input);
    // Half of the clients close their side at once, so that a request ends where it is.
    if (input.length % 2 === 0) socket.end();
  });
}

/** @param {string} answer @returns {string | undefined} what is wrong with it */
function wrongWith(answer) {
  if (answer === '') return undefined;
  const [, status] = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n/.exec(answer) ?? [];
  if (status === undefined) return 'it is no response';
  if (/HTTP\/1\.1 5(?!03)\d\d /.test(answer)) return 'it is a server error';
  if (/\bat .+:\d+:\d+|node_modules/.test(answer)) return 'it has a stack trace';
  return undefined;
}

/** @param {number} inputs @param {number} seed */
async function fuzz(inputs, seed) {
  const folder = await mkdtemp(join(tmpdir(), 'accounts-orders-sockets-'));
  const api = await startProcess(join(folder, 'data'));
  const port = Number(new URL(api.url).port);
  /** @type {Map<string, number>} */
  const statuses = new Map();
  /** @type {string[]} */
  const wrong = [];
  try {
    let next = 0;
    const client = async () => {
      while (next < inputs && wrong.length < 10) {
        const number = (next += 1);
        const input = requestFrom(randomFrom(seed + number));
        const answer = await send(port, input);
        const found = wrongWith(answer);
        if (found) wrong.push(`input ${number}: ${found}: ${JSON.stringify(input.toString('latin1').slice(0, 300))}`);
        const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'none';
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, client));
    const { status } = await fetch(`${api.managementUrl}/health/ready`, { signal: AbortSignal.timeout(5_000) });
    if (status !== 200) wrong.push(`afterwards it is not ready: ${status}`);
    const [, peak = '0'] = /VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${api.pid}/status`, 'utf8')) ?? [];
    if (Number(peak) * 1024 > MAX_BYTES) wrong.push(`it took ${peak} kB`);
    console.log(`peak memory ${Math.round(Number(peak) / 1024)} MB`);
  } finally {
    await api.stop();
    wrong.push(...api.complaints().map((line) => `the process complained: ${line}`));
    await rm(folder, { recursive: true, force: true });
  }
  return { statuses: Object.fromEntries([...statuses].sort()), wrong };
}

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '20261127' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  process.stdout.write(help);
} else {
  const started = Date.now();
  const { statuses, wrong } = await fuzz(Number(values.inputs), Number(values.seed));
  console.log(
    `${values.inputs} inputs, seed ${values.seed}, ${Math.round((Date.now() - started) / 1000)} s:`,
    statuses,
  );
  for (const line of wrong.slice(0, 20)) console.error(line);
  if (wrong.length > 0) process.exitCode = 1;
}
