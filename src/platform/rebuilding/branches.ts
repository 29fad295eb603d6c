import type { Link } from './links.js';

/** All logged events of an aggregate, in order of version. Events with the same version are in log order. */
export function variantsOf(links: readonly Link[]): readonly Link[] {
  return links.flatMap((link) => [link, ...(link.rivals ?? [])]);
}

/** True when some version has two events. */
export function hasRivals(links: readonly Link[]): boolean {
  return links.some(({ rivals }) => rivals !== undefined);
}

/** An event and all its predecessors in the hash chain, newest first. */
export function ancestry(head: Link, links: readonly Link[]): readonly Link[] {
  const byHash = new Map(variantsOf(links).map((link) => [link.hash, link]));
  const line = [head];
  for (let at: Link | undefined = head; at?.prevhash !== undefined;) {
    const before = byHash.get(at.prevhash);
    // A predecessor with a later version means that the event was altered: the chain ends here.
    at = before && before.version < at.version ? before : undefined;
    if (at) line.push(at);
  }
  return line;
}

/** The newest event of each branch: the events that no other event follows. */
export function tips(links: readonly Link[]): readonly Link[] {
  const all = variantsOf(links);
  const named = new Set(all.map(({ prevhash }) => prevhash));
  return all.filter(({ hash }) => hash === undefined || !named.has(hash));
}

/** The newest event of the main branch: of each version, the first event in the log that follows the one before. */
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

/** The event that resolved the aggregate's forks, if there is one. */
export function resolution(links: readonly Link[]): Link | undefined {
  return variantsOf(links).findLast(({ resolves }) => resolves !== undefined);
}

/**
 * The events on the branches of forks that no event has resolved yet: the events that share a version, and the events
 * after them. Empty when there is no fork or all are resolved.
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

/** The predecessors of a resolving event, and the branches that one of them discarded. */
function settledBy(chosen: Link, links: readonly Link[]): readonly Link[] {
  const line = ancestry(chosen, links);
  const givenUp = new Set(line.flatMap(({ resolves = [] }) => resolves));
  const others = variantsOf(links).filter(({ hash }) => hash !== undefined && givenUp.has(hash));
  return [...line, ...others.flatMap((tip) => ancestry(tip, links))];
}

/** The events of the main branch, in order of version. */
export function mainLine(links: readonly Link[]): readonly Link[] {
  if (!hasRivals(links)) return links;
  const head = resolution(links) ?? firstBranch(links);
  if (!head) return [];
  const later = head.resolves ? links.filter(({ version }) => version > head.version) : [];
  return [...ancestry(head, links).toReversed(), ...later];
}

/** A range of versions of the main branch that the log lacks. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** The event that follows the gap. */
  readonly before: Link;
  /** An earlier `republish` found that these events cannot be reconstructed. */
  readonly isKnown: boolean;
}

/** The gaps in a branch. */
export function gapsIn(line: readonly Link[]): readonly Gap[] {
  const gaps: Gap[] = [];
  let hasStandIn = false;
  for (let index = line.length - 1; index >= 0; index -= 1) {
    const before = line[index] as Link;
    const [from, to] = [(line[index - 1]?.version ?? 0) + 1, before.version - 1];
    hasStandIn ||= before.republished === 'others' || before.resolves !== undefined;
    if (from <= to && !before.fromCheckpoint)
      gaps.unshift({ from, to, before, isKnown: hasStandIn || before.republished === 'itself' });
  }
  return gaps;
}
