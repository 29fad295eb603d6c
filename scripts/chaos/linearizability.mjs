import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** @typedef {{ id: string, result: 'Ok' | 'Illegal' | 'Unknown', calls: number, stuck?: string }} Verdict */

const SOURCE = fileURLToPath(new URL('porcupine', import.meta.url));

/** Why the checker cannot be built here; undefined where it can. @returns {string | undefined} */
export function missingGo() {
  return spawnSync('go', ['version']).status === 0 ? undefined : 'there is no Go: `go version` fails';
}

/** Builds the checker into a folder. @param {string} folder @returns {Promise<string>} the program */
export async function buildChecker(folder) {
  await mkdir(folder, { recursive: true });
  const program = join(folder, 'porcupine');
  await promisify(execFile)('go', ['build', '-o', program, '.'], { cwd: SOURCE });
  return program;
}

/**
 * @param {string} program @param {readonly import('./check/histories.mjs').History[]} histories
 * @returns {Promise<Verdict[]>}
 */
export async function checkHistories(program, histories) {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stdin.end(histories.map((history) => `${JSON.stringify(history)}\n`).join(''));
  const code = await ended;
  if (code !== 0) throw new Error(`the checker of linearizability ended with ${code}`);
  return output
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
