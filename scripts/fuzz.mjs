// Fuzzes the built process from the OpenAPI document that it serves; `npm run test:fuzz`.
import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from './fuzz/process.mjs';
import { seed } from './fuzz/seed.mjs';
import { installPythonTools, missingPython } from './python-tools.mjs';

const { FUZZ_SEED = '20261123', FUZZ_EXAMPLES = '200', REQUIRE_FUZZ } = process.env;
/** Fewer than this, and something kept the fuzzer from its work. */
const MIN_CASES = 3_000;
const HERE = join(import.meta.dirname, 'fuzz');

/** @param {string} folder @returns {Promise<string>} what was done; it throws what is wrong */
async function fuzz(folder) {
  const python = join(await installPythonTools('fuzz', join(HERE, 'requirements.txt'), console.log), 'python');
  const started = Date.now();
  const api = await startProcess(join(folder, 'data'));
  let output;
  /** @type {string[]} */
  let complaints = [];
  try {
    const known = await seed(api.url);
    console.log(`FUZZ_SEED=${FUZZ_SEED} FUZZ_EXAMPLES=${FUZZ_EXAMPLES} against ${api.url}`);
    output = await runSchemathesis(python, api.url, folder, known);
    await mustAnswer(`${api.url}/openapi.json`);
    await mustAnswer(`${api.managementUrl}/health/ready`);
  } finally {
    await api.stop();
    complaints = api.complaints().slice(0, 20);
    for (const line of complaints) console.error(`the process complained: ${line}`);
  }
  if (complaints.length > 0) throw new Error('the process complained; see above');
  const cases = Number(/(\d+) generated/.exec(output)?.[1] ?? 0);
  if (cases < MIN_CASES) throw new Error(`${cases} cases are too few: at least ${MIN_CASES} are to be tried`);
  return `${cases} cases, all checks, nothing found, in ${Math.round((Date.now() - started) / 1000)} s`;
}

/**
 * @param {string} python @param {string} url @param {string} folder @param {Record<string, string[]>} known
 * @returns {Promise<string>} what it printed
 */
async function runSchemathesis(python, url, folder, known) {
  for (const [name, values] of Object.entries(known)) {
    await writeFile(join(folder, `${name}.dict`), values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  }
  // It leaves files where it runs, and looks for those that it is told of beside its configuration.
  for (const name of ['schemathesis.toml', 'hooks.py']) await copyFile(join(HERE, name), join(folder, name));
  const options = ['--checks', 'all', '--phases', 'examples,coverage,fuzzing,stateful', '--no-color'];
  const bounds = ['--seed', FUZZ_SEED, '--max-examples', FUZZ_EXAMPLES];
  const args = ['-m', 'schemathesis.cli', 'run', `${url}/openapi.json`, ...options, ...bounds];
  const child = spawn(python, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    output += text;
    process.stdout.write(text);
  });
  const code = await new Promise((done, fail) => child.once('error', fail).once('close', done));
  if (code !== 0) throw new Error(`schemathesis found something (exit code ${code}); the report is above`);
  return output;
}

/** @param {string} url */
async function mustAnswer(url) {
  const { status } = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  if (status !== 200) throw new Error(`afterwards ${url} answers ${status}`);
}

const missing = missingPython();
if (missing !== undefined) {
  console.log(`FUZZ NOT RUN: ${missing}`);
  process.exit(REQUIRE_FUZZ === '1' ? 1 : 0);
}
const folder = await mkdtemp(join(tmpdir(), 'accounts-orders-fuzz-'));
try {
  console.log(`fuzz: ${await fuzz(folder)}`);
} catch (error) {
  console.error(`fuzz: FAILED (FUZZ_SEED=${FUZZ_SEED}): ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
