/**
 * @typedef {import('../facts.mjs').Stores} Stores
 * @typedef {import('../facts.mjs').Stored} Stored
 * @typedef {import('../facts.mjs').Recorded} Recorded
 * @typedef {import('../facts.mjs').Finding} Finding
 * @typedef {import('./log.mjs').Log} Log
 * @typedef {import('./log.mjs').Chain} Chain
 */

/**
 * What is stored is what is logged, in every collection, and nothing waits to be published.
 * @param {Stores} stores once the load has ended and everything has been read
 * @param {Log} log
 * @returns {Finding[]}
 */
export function checkStores(stores, log) {
  const chains = [...log.chains.values()];
  const erased = chains.filter(isErased);
  return [
    ...checkAggregates(
      stores.customers,
      chains.filter(({ kind }) => kind === 'customer'),
    ),
    ...checkAggregates(
      stores.orders,
      chains.filter(({ kind }) => kind === 'order'),
    ),
    ...checkCopies(
      stores,
      chains.filter(({ kind }) => kind === 'customer'),
    ),
    ...checkHistory(
      stores.customerHistory,
      chains.filter(({ kind }) => kind === 'customer'),
    ),
    ...checkHistory(
      stores.orderHistory,
      chains.filter(({ kind }) => kind === 'order'),
    ),
    ...checkErased(stores, new Set(erased.map(({ id }) => id))),
  ];
}

/** @param {Chain} chain */
const isErased = ({ events, newest }) => events.get(newest)?.content.erased === true;

/** @param {readonly Stored[]} stored @param {readonly Chain[]} chains @returns {Finding[]} */
function checkAggregates(stored, chains) {
  const byId = new Map(stored.map((each) => [each.id, each]));
  const known = new Set(chains.map(({ id }) => id));
  /** @type {Finding[]} */
  const findings = [];
  for (const { id } of stored)
    if (!known.has(id)) findings.push({ sort: 'lost', id, what: 'it is stored and in no log' });
  for (const { id, newest, events } of chains) {
    const here = byId.get(id);
    const event = events.get(newest);
    const version = here?.content.version ?? 0;
    if (!here) findings.push({ sort: 'lost', id, what: `version ${newest} is logged and nothing stored` });
    else if (version < newest)
      findings.push({ sort: 'lost', id, what: `version ${newest} is logged, ${version} stored` });
    else if (version > newest)
      findings.push({ sort: 'lost', id, version, what: `version ${version} is stored, ${newest} logged` });
    else if (here.content.digest !== event?.content.digest || here.hash !== event.hash)
      findings.push(diverged(id, `version ${version} is stored with another content or hash than is logged`));
    if (here && here.pending > 0) findings.push(diverged(id, `${here.pending} of its events wait in the outbox`));
  }
  return findings;
}

/** @param {Stores} stores @param {readonly Chain[]} chains @returns {Finding[]} */
function checkCopies({ copies }, chains) {
  const byId = new Map(copies.map((each) => [each.id, each]));
  return chains.flatMap(({ id, newest, events }) => {
    const copy = byId.get(id);
    byId.delete(id);
    if (!copy) return [diverged(id, `orders has no copy of version ${newest}`)];
    if (copy.version !== newest) return [diverged(id, `orders' copy is version ${copy.version} of ${newest}`)];
    if (copy.digest === events.get(newest)?.content.copy) return [];
    return [diverged(id, `orders' copy of version ${newest} is not what accounts published`)];
  });
}

/** @param {readonly Recorded[]} entries @param {readonly Chain[]} chains @returns {Finding[]} */
function checkHistory(entries, chains) {
  /** @type {Map<string, Map<number, Recorded>>} */
  const byId = new Map();
  /** @type {Finding[]} */
  const findings = [];
  for (const entry of entries) {
    const own = byId.get(entry.id) ?? new Map();
    byId.set(entry.id, own);
    if (own.has(entry.version)) findings.push(diverged(entry.id, `its history has version ${entry.version} twice`));
    own.set(entry.version, entry);
  }
  for (const chain of chains) {
    const { id, events } = chain;
    const own = byId.get(id) ?? new Map();
    byId.delete(id);
    for (const [version, { eventId, hash, content }] of events) {
      const entry = own.get(version);
      if (!entry) findings.push(diverged(id, `its history has no version ${version}`));
      else if (entry.eventId !== eventId || entry.hash !== hash)
        findings.push(diverged(id, `its history has another event as version ${version} than the log`));
      else if (entry.digest !== undefined && entry.digest !== content.digest)
        findings.push(diverged(id, `its history has another state as version ${version} than the log`));
      if (entry?.personal && isErased(chain))
        findings.push(diverged(id, `its history has the person of version ${version}, who was erased`));
    }
    for (const version of own.keys())
      if (!events.has(version))
        findings.push({ sort: 'lost', id, version, what: `version ${version} is in its history, not logged` });
  }
  for (const id of byId.keys()) findings.push({ sort: 'lost', id, what: 'it is in the history and in no log' });
  return findings;
}

/**
 * Nothing personal is left of those who were erased.
 * @param {Stores} stores @param {ReadonlySet<string>} erased
 * @returns {Finding[]}
 */
function checkErased({ customers, copies, orders, orderHistory }, erased) {
  /** @type {Finding[]} */
  const findings = [];
  for (const { id, content } of customers)
    if (erased.has(id) && content.erased !== true) findings.push(diverged(id, 'it was erased and is stored again'));
  for (const copy of copies)
    if (erased.has(copy.id) && !copy.erased) findings.push(diverged(copy.id, 'it was erased and orders has a copy'));
  const redacted = new Set();
  for (const { id, content, personal } of orders) {
    if (!erased.has(content.customerId ?? '')) continue;
    redacted.add(id);
    if (personal) findings.push(diverged(id, 'an order of somebody who was erased keeps an address or a reason'));
  }
  for (const { id, version, personal } of orderHistory)
    if (personal && redacted.has(id))
      findings.push(diverged(id, `the history of an order of somebody who was erased keeps version ${version}`));
  return findings;
}

/** @param {string} id @param {string} what @returns {Finding} */
function diverged(id, what) {
  return { sort: 'diverged', id, what };
}
