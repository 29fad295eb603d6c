import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The preferred port if it is free, else any free one that is not in `taken`.
 * @param {number | undefined} preferred @param {number[]} taken
 */
export async function freePort(preferred, taken) {
  if (preferred !== undefined && !taken.includes(preferred) && (await becomesFree(preferred))) return preferred;
  for (;;) {
    // Below the range of outgoing connections: a client that retries a stopped server there can connect to itself and keep the port.
    const port = randomInt(20_000, 30_000);
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
}

/**
 * A killed server may keep its port for a moment after its process has gone.
 * @param {number} port
 */
async function becomesFree(port) {
  for (const deadline = Date.now() + 1000; Date.now() < deadline; await sleep(50)) if (await isFree(port)) return true;
  return false;
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((done) => {
    const probe = createServer();
    probe.once('error', () => done(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => done(true)));
  });
}
