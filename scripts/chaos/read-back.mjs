import { setTimeout as sleep } from 'node:timers/promises';
import { check } from './check.mjs';
import { readLog } from './read-log.mjs';
import { readStores } from './read-stores.mjs';

/** @typedef {import('./facts.mjs').Finding} Finding */
/** @typedef {import('./facts.mjs').LogEvent} LogEvent */

/** @typedef {{ kafka: string, mongodb: string, opener: import('./open-log.mjs').LogOpener }} Servers */

/** What is on its way has this long to arrive. */
const SETTLES_WITHIN_MS = 90_000;

/**
 * Reads everything and checks it, again while something may still be on its way. No request must be open.
 * @param {Servers} servers @param {readonly import('./facts.mjs').Call[]} calls
 * @returns {Promise<{ findings: Finding[], events: LogEvent[] }>}
 */
export async function readBack(servers, calls) {
  for (const deadline = Date.now() + SETTLES_WITHIN_MS; ; await sleep(1_000)) {
    const read = await readAndCheck(servers, calls).catch(unreadable);
    if (read.findings.length === 0 || Date.now() > deadline) return read;
  }
}

/** @param {Servers} servers @param {readonly import('./facts.mjs').Call[]} calls */
async function readAndCheck({ kafka, mongodb, opener }, calls) {
  // The log comes first, for the keys.
  const { events, deadLetters } = await readLog(kafka, opener);
  const stores = await readStores(mongodb, opener);
  const findings = check({ calls, events, stores });
  if (deadLetters > 0) findings.push({ sort: 'unexpected', what: `${deadLetters} records are dead letters` });
  return { findings, events };
}

/** @param {unknown} error @returns {{ findings: Finding[], events: LogEvent[] }} */
function unreadable(error) {
  return { findings: [{ sort: 'unexpected', what: `not all can be read back: ${error}` }], events: [] };
}
