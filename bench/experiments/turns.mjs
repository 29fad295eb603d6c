// What several turns of one system came to.
import { median } from '../statistics.mjs';

/** @typedef {import('../load/wrk.mjs').Burst & import('../systems.mjs').Done} Turn */

/** The median of each figure. @param {readonly Turn[]} turns */
export function mediansOf(turns) {
  const of = (/** @type {(turn: Turn) => number | undefined} */ figure) =>
    median(turns.map((turn) => figure(turn) ?? Number.NaN));
  const roles = /** @type {import('../systems.mjs').Role[]} */ (Object.keys(turns[0]?.cpu ?? {}));
  const consumes = turns[0]?.backlog !== undefined;
  return {
    rate: of(({ rate }) => rate),
    doneRate: of(({ doneRate }) => doneRate),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    refused: of(({ refused }) => refused),
    cpu: Object.fromEntries(roles.map((role) => [role, of(({ cpu }) => cpu[role])])),
    ...(consumes && { backlog: of(({ backlog }) => backlog), catchUpSeconds: of((each) => each.catchUpSeconds) }),
  };
}
