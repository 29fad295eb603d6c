import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * @typedef {object} Running
 * @property {string} url
 * @property {string} managementUrl
 * @property {number} pid
 * @property {() => string[]} complaints lines of its log that a process in good health does not write
 * @property {() => Promise<void>} stop
 */

/** Starts what is built, on embedded adapters and free ports. @param {string} dataDir @returns {Promise<Running>} */
export async function startProcess(dataDir) {
  const env = {
    ...process.env,
    DATA_DIR: dataDir,
    HOST: '127.0.0.1',
    PORT: '0',
    MANAGEMENT_PORT: '0',
    AUTH_MODE: 'none',
  };
  const ofServers = Object.keys(env).filter((name) => /^KAFKA_|MONGODB_URI|^MASTER_KEYS_FILE$/.test(name));
  for (const name of ofServers) Reflect.deleteProperty(env, name);
  // Not `warn`: the ports are in a line of level info.
  const child = spawn(process.execPath, ['dist/main.js', 'serve'], {
    env: { ...env, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  /** @type {string[]} */
  const complaints = [];
  createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line));
  const serving = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = parse(line);
      if (entry?.msg === 'serving') resolve(entry);
      if (['warn', 'error', 'fatal'].includes(entry?.level)) complaints.push(line);
    });
  });
  const late = sleep(30_000, undefined, { ref: false });
  const { port, managementPort } = (await Promise.race([serving, exited, late])) ?? {};
  if (port === undefined) {
    child.kill('SIGKILL');
    throw new Error(`dist/main.js does not serve; is it built?\n${complaints.join('\n')}`);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    managementUrl: `http://127.0.0.1:${managementPort}`,
    complaints: () => complaints,
    stop: async () => {
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      const [code, signal] = await exited;
      clearTimeout(killer);
      if (code !== 0) complaints.push(`it ended with ${signal ?? `exit code ${code}`}`);
    },
  };
}

/** @param {string} line */
function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
