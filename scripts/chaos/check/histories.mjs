/**
 * @typedef {import('../facts.mjs').Call} Call
 * @typedef {import('./log.mjs').Log} Log
 */

/**
 * @typedef {object} History the calls about one customer, as Porcupine takes them
 * @property {string} id
 * @property {{ version: number, digest: string }} first state; nobody knew the customer before it was answered
 * @property {readonly object[]} calls
 */

/**
 * A write that was not answered may have happened at any later time. The log tells which of them did; with the others
 * left out the search has an end.
 * @param {readonly Call[]} calls @param {Log} log
 * @returns {History[]}
 */
export function historiesOf(calls, log) {
  /** @type {Map<string, History & { calls: object[] }>} */
  const histories = new Map();
  for (const { kind, outcome, id = '', content } of calls)
    if (kind === 'register' && outcome === 'done' && content)
      histories.set(id, { id, first: { version: content.version, digest: content.digest }, calls: [] });
  for (const call of calls) {
    const told = ['read', 'patch', 'erase'].includes(call.kind) ? toldOf(call, log) : undefined;
    if (told) histories.get(call.id ?? '')?.calls.push({ client: call.client, start: micros(call.start), ...told });
  }
  return [...histories.values()];
}

/** @param {Call} call @param {Log} log */
function toldOf({ kind, outcome, status, id = '', marker = '', expected, content, end }, log) {
  const ended = { end: micros(end) };
  if (outcome === 'refused') {
    const refusal = { 404: 'absent', 410: 'gone', 412: 'stale' }[status];
    return refusal === undefined ? undefined : { kind: refusal, expected, ...ended };
  }
  if (outcome === 'done') {
    const { version, digest } = content ?? { version: 0, digest: '' };
    return { kind: kind === 'patch' ? 'write' : kind, expected, version, digest, ...ended };
  }
  const place = kind === 'patch' ? log.places.get(marker)?.find((each) => each.id === id) : undefined;
  if (place) return { kind: 'write', expected, version: place.version, digest: place.event.content.digest };
  const chain = log.chains.get(id);
  const isErased = kind === 'erase' && chain?.events.get(chain.newest)?.content.erased === true;
  return isErased ? { kind: 'erase' } : undefined;
}

/** @param {number} milliseconds */
const micros = (milliseconds) => Math.round(milliseconds * 1_000);
