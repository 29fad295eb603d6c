import { checkAnswers, checkCounters, checkReads, checkWrites } from './check/calls.mjs';
import { readChains } from './check/log.mjs';
import { checkStores } from './check/stores.mjs';

/**
 * Holds what the clients saw, what is logged and what is stored against each other: acknowledged = stored = logged in
 * order = copied. All of it is from a moment at which no request is open and nothing is on its way.
 * @param {{
 *   calls: readonly import('./facts.mjs').Call[],
 *   events: readonly import('./facts.mjs').LogEvent[],
 *   stores: import('./facts.mjs').Stores,
 * }} facts
 * @returns {import('./facts.mjs').Finding[]}
 */
export function check({ calls, events, stores }) {
  const log = readChains(events);
  const newestOf = lastWrites(calls);
  const findings = [
    ...checkWrites(calls, log),
    ...log.findings,
    ...checkReads(calls, log),
    ...checkAnswers(calls),
    ...checkCounters(calls, log),
    ...checkStores(stores, log),
  ];
  return withoutRepeats(findings).map((finding) => {
    const at = finding.at ?? newestOf.get(finding.id ?? '');
    return { ...finding, ...(at !== undefined && { at }) };
  });
}

/** When each aggregate was changed last, as far as the clients know. @param {readonly import('./facts.mjs').Call[]} calls */
function lastWrites(calls) {
  /** @type {Map<string, number>} */
  const times = new Map();
  for (const { id, kind, end } of calls) if (id !== undefined && !kind.startsWith('read')) times.set(id, end);
  return times;
}

/** A version that is lost is missed in several places. @param {readonly import('./facts.mjs').Finding[]} findings */
function withoutRepeats(findings) {
  const lost = new Set();
  return findings.filter(({ sort, id, version }) => {
    if (sort !== 'lost' || version === undefined) return true;
    const key = `${id} ${version}`;
    if (lost.has(key)) return false;
    lost.add(key);
    return true;
  });
}
