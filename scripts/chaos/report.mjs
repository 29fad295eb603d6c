import { isWrite } from './recorder.mjs';

/**
 * @typedef {import('./facts.mjs').Call} Call
 * @typedef {import('./facts.mjs').Finding} Finding
 *
 * @typedef {object} Made a fault, or two at once
 * @property {string} name
 * @property {number} start milliseconds on the runner's monotonic clock
 * @property {number} end when it had been taken back
 * @property {number | undefined} recovered seconds from then until all served again; undefined: not in time
 */

const BEFORE = 'no fault';
const NOT_KNOWN = 'at an unknown time';
const SORTS = /** @type {const} */ (['lost', 'reordered', 'diverged', 'unexpected']);
const NAMED = 20;

/**
 * What happened during which fault: from its beginning to that of the next.
 * @param {readonly Made[]} timeline @param {readonly Call[]} calls @param {readonly Finding[]} findings
 * @returns {string}
 */
export function table(timeline, calls, findings) {
  const nameAt = (/** @type {number | undefined} */ at) => {
    if (at === undefined) return NOT_KNOWN;
    return timeline.findLast(({ start }) => start <= at)?.name ?? BEFORE;
  };
  const callsOf = grouped(calls, ({ end }) => nameAt(end));
  const findingsOf = grouped(findings, ({ at }) => nameAt(at));
  const madeOf = grouped(timeline, ({ name }) => name);
  const names = [BEFORE, ...[...madeOf.keys()].sort(), ...(findingsOf.has(NOT_KNOWN) ? [NOT_KNOWN] : [])];
  const rows = names.map((name) =>
    row(name, madeOf.get(name) ?? [], callsOf.get(name) ?? [], findingsOf.get(name) ?? []),
  );
  const head = ['fault', 'made', 'acknowledged', 'errors to clients', 'served again after', ...SORTS];
  return layOut([head, ...rows, row('all', timeline, calls, findings)]);
}

/**
 * @param {string} name @param {readonly Made[]} made @param {readonly Call[]} calls @param {readonly Finding[]} findings
 * @returns {string[]}
 */
function row(name, made, calls, findings) {
  const acknowledged = calls.filter((call) => isWrite(call) && call.outcome === 'done').length;
  const failed = grouped(
    calls.filter(({ outcome }) => outcome === 'unknown'),
    ({ status, problem = '' }) => (status === 0 ? problem : String(status)),
  );
  const errors = [...failed].sort(([, one], [, other]) => other.length - one.length);
  const slowest = Math.max(...made.map(({ recovered }) => recovered ?? Infinity));
  return [
    name,
    made.length === 0 ? '' : String(made.length),
    String(acknowledged),
    errors.map(([code, those]) => `${code}: ${those.length}`).join(', '),
    made.length === 0 ? '' : slowest === Infinity ? 'not in time' : `${slowest.toFixed(1)} s`,
    ...SORTS.map((sort) => String(findings.filter((finding) => finding.sort === sort).length)),
  ];
}

/** The first of each sort. @param {readonly Finding[]} findings @returns {string[]} */
export function describe(findings) {
  return SORTS.flatMap((sort) => {
    const those = findings.filter((finding) => finding.sort === sort);
    const lines = those.slice(0, NAMED).map(({ id, what }) => `${sort}: ${id === undefined ? '' : `${id}: `}${what}`);
    return those.length > NAMED ? [...lines, `${sort}: and ${those.length - NAMED} more`] : lines;
  });
}

/** @param {readonly string[][]} rows @returns {string} with the columns one below the other */
function layOut(rows) {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...rest] = rows;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rest.map(line)].join('\n');
}

/** @template T @param {readonly T[]} items @param {(item: T) => string} keyOf @returns {Map<string, T[]>} */
function grouped(items, keyOf) {
  /** @type {Map<string, T[]>} */
  const groups = new Map();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
