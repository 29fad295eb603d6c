/**
 * @typedef {import('../facts.mjs').LogEvent} LogEvent
 * @typedef {import('../facts.mjs').Finding} Finding
 */

/**
 * What the log says of one aggregate: the first record of each version, in order of version.
 * @typedef {object} Chain
 * @property {string} id
 * @property {import('../facts.mjs').Kind} kind
 * @property {ReadonlyMap<number, LogEvent>} events by version
 * @property {number} newest version
 */

/**
 * Where a write is in the log, by the text that it put there.
 * @typedef {{ id: string, version: number, event: LogEvent }} Place
 */

/**
 * @typedef {object} Log
 * @property {ReadonlyMap<string, Chain>} chains by id
 * @property {ReadonlyMap<string, readonly Place[]>} places by marker
 * @property {Finding[]} findings
 */

/**
 * Of each aggregate the log must hold every version once, a duplicate being the same event again; in one partition, in
 * order, chained; and no change may touch more than one field.
 * @param {readonly LogEvent[]} events each partition in its order
 * @returns {Log}
 */
export function readChains(events) {
  /** @type {Map<string, LogEvent[]>} */
  const byId = new Map();
  for (const event of events) {
    const own = byId.get(event.id);
    if (own) own.push(event);
    else byId.set(event.id, [event]);
  }
  /** @type {Finding[]} */
  const findings = [];
  const chains = new Map([...byId].map(([id, own]) => [id, chainOf(id, own, findings)]));
  /** @type {Map<string, Place[]>} */
  const places = new Map();
  for (const { id, events: own } of chains.values()) {
    /** @type {LogEvent | undefined} */
    let before;
    for (const [version, event] of own) {
      for (const marker of writtenBy(before, event)) {
        const those = places.get(marker) ?? [];
        places.set(marker, [...those, { id, version, event }]);
      }
      before = event;
    }
  }
  return { chains, places, findings };
}

/** @param {string} id @param {readonly LogEvent[]} own @param {Finding[]} findings @returns {Chain} */
function chainOf(id, own, findings) {
  /** @type {Map<number, LogEvent>} */
  const events = new Map();
  const [first] = /** @type {[LogEvent]} */ (own);
  const where = (/** @type {LogEvent} */ { partition, offset }) => `partition ${partition}, offset ${offset}`;
  const partitions = new Set(own.map(({ partition }) => partition));
  if (partitions.size > 1)
    findings.push({ sort: 'reordered', id, what: `the log has it in partitions ${[...partitions].join(', ')}` });
  let newest = 0;
  for (const event of own) {
    const { version } = event.content;
    const before = events.get(version);
    if (!event.isWhole) findings.push({ sort: 'diverged', id, what: `version ${version} is not what its hash says` });
    if (before && before.eventId !== event.eventId)
      findings.push({
        ...{ sort: 'diverged', id },
        what: `two events are version ${version}: ${where(before)} and ${where(event)}`,
      });
    if (before) continue;
    if (version < newest)
      findings.push({ sort: 'reordered', id, what: `version ${version} comes after ${newest} (${where(event)})` });
    events.set(version, event);
    newest = Math.max(newest, version);
  }
  const ordered = new Map([...events].sort(([one], [other]) => one - other));
  for (let version = 1; version <= newest; version += 1) {
    const event = ordered.get(version);
    const before = ordered.get(version - 1);
    if (!event) findings.push({ sort: 'lost', id, version, what: `the log has no version ${version} of ${newest}` });
    else if (before || version === 1) findings.push(...misfits(before, event));
  }
  return { id, kind: first.kind, events: ordered, newest };
}

/** @param {LogEvent | undefined} before @param {LogEvent} event @returns {Finding[]} */
function misfits(before, event) {
  const { id, prevhash, content } = event;
  const { version } = content;
  /** @type {Finding[]} */
  const findings = [];
  if (prevhash !== before?.hash)
    findings.push({ sort: 'diverged', id, what: `version ${version} does not follow on ${version - 1} by its hash` });
  if (!before || content.erased === true || event.kind !== 'customer') return findings;
  const changed = fieldsChanged(before, event);
  if (before.content.erased === true)
    findings.push({ sort: 'diverged', id, what: `version ${version} follows the erasure` });
  else if (before.content.rest !== content.rest || changed.length !== 1)
    findings.push({
      ...{ sort: 'diverged', id },
      what: `version ${version} changes ${changed.join(', ') || 'no field'}${before.content.rest === content.rest ? '' : ' and what nobody changes'}`,
    });
  return findings;
}

/** @param {LogEvent | undefined} before @param {LogEvent} event */
function fieldsChanged(before, { content: { fields } }) {
  const old = before?.content.fields ?? {};
  const names = new Set([...Object.keys(old), ...Object.keys(fields)]);
  return [...names].filter((name) => old[name] !== fields[name]);
}

/** @param {LogEvent | undefined} before @param {LogEvent} event @returns {string[]} */
function writtenBy(before, event) {
  const fields = fieldsChanged(before, event).map((name) => event.content.fields[name] ?? '');
  return fields.flatMap((value) => /M\d+$/.exec(value) ?? []);
}
