import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Runs one of the product's commands to its end.
 * @param {NodeJS.ProcessEnv} settings @param {readonly string[]} args
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function runCommand(settings, args) {
  const child = spawn(process.execPath, ['dist/main.js', ...args], {
    cwd: PROJECT,
    env: { PATH: process.env['PATH'], ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise((resolve) => child.once('close', (exitCode) => resolve(exitCode ?? -1)));
  return { code, output };
}
