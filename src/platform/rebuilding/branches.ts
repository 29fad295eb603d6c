import type { Link } from './links.js';

/** Every event of an aggregate that the log has, in order of version; of one version, the log's first one first. */
export function variantsOf(links: readonly Link[]): readonly Link[] {
  return links.flatMap((link) => [link, ...(link.rivals ?? [])]);
}

/** True when there are two events under one version somewhere. */
export function hasRivals(links: readonly Link[]): boolean {
  return links.some(({ rivals }) => rivals !== undefined);
}

/** An event and all that it is chained to, newest first. */
export function ancestry(head: Link, links: readonly Link[]): readonly Link[] {
  const byHash = new Map(variantsOf(links).map((link) => [link.hash, link]));
  const line = [head];
  for (let at: Link | undefined = head; at?.prevhash !== undefined;) {
    const before = byHash.get(at.prevhash);
    // What names a later one was altered, and leads nowhere.
    at = before && before.version < at.version ? before : undefined;
    if (at) line.push(at);
  }
  return line;
}

/** The newest events of all branches: those that no other event is chained to. */
export function tips(links: readonly Link[]): readonly Link[] {
  const all = variantsOf(links);
  const named = new Set(all.map(({ prevhash }) => prevhash));
  return all.filter(({ hash }) => hash === undefined || !named.has(hash));
}

/** The newest event of the branch that is first in the log: from version to version, the first that is chained on. */
export function firstBranch(links: readonly Link[]): Link | undefined {
  let head: Link | undefined;
  for (const link of links) {
    const next: Link | undefined = [link, ...(link.rivals ?? [])].find(
      (each) =>
        !head || each.prevhash === head.hash || (each.republished !== undefined && each.version > head.version + 1),
    );
    head = next ?? head;
  }
  return head;
}

/** The event that ended the aggregate's forks, where one did. */
export function resolution(links: readonly Link[]): Link | undefined {
  return variantsOf(links).findLast(({ resolves }) => resolves !== undefined);
}

/**
 * The events under whose versions there are others, or that follow on such a one, as long as nobody has said which
 * branch counts. None where there is no fork, or an event has ended it.
 */
export function unresolved(links: readonly Link[]): readonly Link[] {
  if (!hasRivals(links)) return [];
  const chosen = resolution(links);
  const decided = chosen?.version ?? 0;
  const settled = new Set(chosen && settledBy(chosen, links));
  const contested = links.filter(({ version, rivals }) => rivals !== undefined && version > decided);
  const left = variantsOf(links).filter((link) => link.version <= decided && !settled.has(link));
  return [...left, ...variantsOf(contested)];
}

/** What an event is chained to, and all branches that were given up for one of these. */
function settledBy(chosen: Link, links: readonly Link[]): readonly Link[] {
  const line = ancestry(chosen, links);
  const givenUp = new Set(line.flatMap(({ resolves = [] }) => resolves));
  const others = variantsOf(links).filter(({ hash }) => hash !== undefined && givenUp.has(hash));
  return [...line, ...others.flatMap((tip) => ancestry(tip, links))];
}

/** The events of the branch that counts, in order of version. */
export function mainLine(links: readonly Link[]): readonly Link[] {
  if (!hasRivals(links)) return links;
  const head = resolution(links) ?? firstBranch(links);
  if (!head) return [];
  const later = head.resolves ? links.filter(({ version }) => version > head.version) : [];
  return [...ancestry(head, links).toReversed(), ...later];
}

/** Versions of the branch that counts which the log does not have. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** The event after it. */
  readonly before: Link;
  /** Whoever put events back into the log has found that it cannot be made whole. */
  readonly isKnown: boolean;
}

/** The gaps of a line of events. */
export function gapsIn(line: readonly Link[]): readonly Gap[] {
  const gaps: Gap[] = [];
  let isStoodFor = false;
  for (let index = line.length - 1; index >= 0; index -= 1) {
    const before = line[index] as Link;
    const [from, to] = [(line[index - 1]?.version ?? 0) + 1, before.version - 1];
    isStoodFor ||= before.republished === 'others' || before.resolves !== undefined;
    if (from <= to) gaps.unshift({ from, to, before, isKnown: isStoodFor || before.republished === 'itself' });
  }
  return gaps;
}
