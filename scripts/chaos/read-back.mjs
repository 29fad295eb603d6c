import { setTimeout as sleep } from 'node:timers/promises';
import { check } from './check.mjs';
import { readLog } from './read-log.mjs';
import { readStores } from './read-stores.mjs';

/** What is on its way has this long to arrive. */
const SETTLES_WITHIN_MS = 60_000;

/**
 * Reads everything and checks it, again while something may still be on its way. No request must be open.
 * @param {{ kafka: string, mongodb: string }} servers @param {readonly import('./facts.mjs').Call[]} calls
 * @returns {Promise<{ findings: import('./facts.mjs').Finding[], events: import('./facts.mjs').LogEvent[] }>}
 */
export async function readBack({ kafka, mongodb }, calls) {
  for (const deadline = Date.now() + SETTLES_WITHIN_MS; ; await sleep(1_000)) {
    const stores = await readStores(mongodb);
    const { events, deadLetters } = await readLog(kafka);
    const findings = check({ calls, events, stores });
    if (deadLetters > 0) findings.push({ sort: 'unexpected', what: `${deadLetters} records are dead letters` });
    if (findings.length === 0 || Date.now() > deadline) return { findings, events };
  }
}
