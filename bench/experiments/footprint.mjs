// How long the whole process takes until it is ready, on the embedded log and on real servers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from '../processes.mjs';
import { median } from '../statistics.mjs';

/** @param {NodeJS.ProcessEnv} env @param {{ rounds: number }} options */
export async function measureStart(env, { rounds }) {
  /** @type {{ embedded: number[], real: number[] }} */
  const took = { embedded: [], real: [] };
  for (let round = 0; round < rounds; round += 1) {
    const folder = mkdtempSync(join(tmpdir(), 'accounts-orders-bench-'));
    const embedded = await startService('all', { DATA_DIR: folder, MONGODB_URI: '', KAFKA_BOOTSTRAP_SERVERS: '' });
    took.embedded.push(embedded.startedIn);
    await embedded.stop();
    rmSync(folder, { recursive: true });
    const real = await startService('accounts', env);
    took.real.push(real.startedIn);
    await real.stop();
  }
  return { embeddedStartMs: median(took.embedded), realStartMs: median(took.real) };
}
