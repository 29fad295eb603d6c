import { isWrite } from '../recorder.mjs';

/**
 * @typedef {import('../facts.mjs').Call} Call
 * @typedef {import('../facts.mjs').Finding} Finding
 * @typedef {import('./log.mjs').Log} Log
 */

/**
 * What was acknowledged is in the log as it was acknowledged, once; what was refused is not; and nothing is that nobody
 * asked for.
 * @param {readonly Call[]} calls @param {Log} log
 * @returns {Finding[]}
 */
export function checkWrites(calls, log) {
  const writes = calls.filter(isWrite);
  /** @type {Map<string, Call[]>} the tries of each write */
  const byMarker = new Map();
  for (const call of writes) {
    if (call.marker === undefined) continue;
    const tries = byMarker.get(call.marker);
    if (tries) tries.push(call);
    else byMarker.set(call.marker, [call]);
  }
  const asked = new Set(byMarker.keys());
  return [
    ...writes.flatMap((call) => (call.outcome === 'done' ? unlessLogged(call, log) : [])),
    ...[...byMarker].flatMap(([marker, tries]) => checkTries(marker, tries, log)),
    ...[...log.places].flatMap(([marker, [place]]) =>
      asked.has(marker) ? [] : [diverged(place?.id, `${marker} was written by nobody`)],
    ),
  ];
}

/** @param {Call} call @param {Log} log @returns {Finding[]} */
function unlessLogged({ kind, id = '', content, end }, log) {
  const chain = log.chains.get(id);
  if (kind === 'erase') {
    const isErased = [...(chain?.events.values() ?? [])].some(({ content: state }) => state.erased === true);
    return isErased ? [] : [{ sort: 'lost', id, at: end, what: 'the log has no erasure' }];
  }
  const version = content?.version ?? 0;
  const event = chain?.events.get(version);
  if (!event)
    return [{ sort: 'lost', id, version, at: end, what: `version ${version} was acknowledged (${kind}), not logged` }];
  if (event.content.digest === content?.digest) return [];
  return [diverged(id, `version ${version} was acknowledged with another content than is logged (${kind})`, end)];
}

/** @param {string} marker @param {readonly Call[]} tries @param {Log} log @returns {Finding[]} */
function checkTries(marker, tries, log) {
  const [first] = /** @type {[Call]} */ (tries);
  const places = log.places.get(marker) ?? [];
  const at = tries.at(-1)?.end;
  const id = first.id ?? places[0]?.id;
  /** @type {Finding[]} */
  const findings = [];
  if (places.length > 1) {
    const where = places.map((place) => `${place.id} version ${place.version}`).join(' and ');
    findings.push(diverged(id, `one ${first.kind} (${marker}) was carried out ${places.length} times: ${where}`, at));
  }
  const ids = new Set(tries.flatMap((call) => (call.outcome === 'done' && call.id !== undefined ? [call.id] : [])));
  if (ids.size > 1) findings.push(diverged(id, `${marker} was answered with ${[...ids].join(' and ')}`, at));
  const refusal = tries.every(({ outcome }) => outcome === 'refused') ? first : undefined;
  if (refusal && places.length > 0)
    findings.push(diverged(id, `${first.kind} (${marker}) was refused with ${refusal.status} and carried out`, at));
  for (const { id: owner, event } of places) {
    if (first.kind === 'patch' && (owner !== first.id || !event.content.fields[first.field ?? '']?.endsWith(marker)))
      findings.push(diverged(owner, `${marker} is where it was not sent to`, at));
  }
  return findings;
}

/**
 * Every answer is a state that there was; an answer under `minVersion` is not older; what orders said is erased, stays so.
 * @param {readonly Call[]} calls @param {Log} log
 * @returns {Finding[]}
 */
export function checkReads(calls, log) {
  /** @type {Map<string, number>} end of the first answer that said so */
  const erasedAt = new Map();
  for (const { kind, id = '', status, end } of calls)
    if (kind === 'read-copy' && status === 410 && !erasedAt.has(id)) erasedAt.set(id, end);
  return calls.flatMap((call) => {
    if (isWrite(call) || call.outcome !== 'done' || !call.content) return [];
    const { id = '', kind, content, start, end, minVersion = 0 } = call;
    const { version, digest } = content;
    const event = log.chains.get(id)?.events.get(version)?.content;
    /** @type {Finding[]} */
    const findings = [];
    if (version < minVersion)
      findings.push(diverged(id, `stale: version ${version} was answered under minVersion=${minVersion}`, end));
    if (kind === 'read-copy' && start > (erasedAt.get(id) ?? Infinity))
      findings.push(diverged(id, 'orders answered with a customer that it had said is erased', end));
    if (!event)
      findings.push({
        sort: 'lost',
        id,
        version,
        at: end,
        what: `version ${version} was answered (${kind}), not logged`,
      });
    else if (digest !== (kind === 'read-copy' ? event.copy : event.digest))
      findings.push(diverged(id, `version ${version} was answered with another content than is logged (${kind})`, end));
    return findings;
  });
}

/** What a client may be answered beside success, in words of HTTP; 404 only by orders of a customer it has not heard of. */
const REFUSALS = new Set([0, 409, 410, 412, 422, 503]);

/**
 * Nobody is answered that what exists does not, or in a way that a client cannot live with.
 * @param {readonly Call[]} calls
 * @returns {Finding[]}
 */
export function checkAnswers(calls) {
  return calls.flatMap(({ kind, outcome, status, problem = '', id, end }) => {
    if (outcome === 'done' || REFUSALS.has(status) || (kind === 'read-copy' && status === 404)) return [];
    const where = { ...(id !== undefined && { id }), at: end };
    /** @type {Finding['sort']} */
    const sort = status === 404 ? 'lost' : 'unexpected';
    return [{ sort, ...where, what: `${kind} was answered ${status} ${problem}`.trim() }];
  });
}

/**
 * Concurrent clients read a counter, add one and write it back with `If-Match`: every write that counts added one to the
 * value before it, so the last value is how many there were.
 * @param {readonly Call[]} calls @param {Log} log
 * @returns {Finding[]}
 */
export function checkCounters(calls, log) {
  /** @type {Map<string, { done: number, unknown: number, at: number }>} by customer */
  const sent = new Map();
  for (const { kind, field, id = '', outcome, end } of calls) {
    if (kind !== 'patch' || field !== 'counter' || outcome === 'refused') continue;
    const { done, unknown, at } = sent.get(id) ?? { done: 0, unknown: 0, at: end };
    const isDone = outcome === 'done';
    sent.set(id, { done: done + Number(isDone), unknown: unknown + Number(!isDone), at: isDone ? end : at });
  }
  return [...sent].flatMap(([id, { done, unknown, at }]) => {
    /** @type {Finding[]} */
    const findings = [];
    let [value, text, before] = [0, '', 0];
    for (const { content } of log.chains.get(id)?.events.values() ?? []) {
      const isGap = content.version !== before + 1;
      before = content.version;
      const now = content.fields['counter'] ?? '';
      if (content.erased === true || now === text) continue;
      const next = Number.parseInt(now, 10);
      if (next !== value + 1 && !isGap)
        findings.push(diverged(id, `lost update: the counter goes from ${value} to ${next}`, at));
      [value, text] = [next, now];
    }
    if (value < done) findings.push(diverged(id, `${done} increments acknowledged, ${value} counted`, at));
    if (value > done + unknown) findings.push(diverged(id, `${done + unknown} increments sent, ${value} counted`, at));
    return findings;
  });
}

/** @param {string | undefined} id @param {string} what @param {number} [at] @returns {Finding} */
function diverged(id, what, at) {
  return { sort: 'diverged', what, ...(id !== undefined && { id }), ...(at !== undefined && { at }) };
}
