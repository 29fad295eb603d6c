import type { Aggregate, PendingEvent, Restored } from '../aggregate/aggregates.js';
import { eventOf, sealedChange } from '../aggregate/pending-event.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { resolving } from '../event/extensions.js';
import type { HistoryEntry } from '../views/history.js';
import { ancestry, mainLine, tips, variantsOf } from './branches.js';
import type { Link } from './links.js';
import type { SystemOfRecord } from './replayable.js';
import { nextAfter, restatement } from './restate.js';
import type { StoredWithPending } from './stored-with-pending.js';

/** The branch of a fork that is kept. */
export type Keep = 'log' | 'database';

/** An aggregate with two histories, and how to resolve them. */
export interface Fork {
  readonly id: string;
  readonly keep: Keep;
  /** The aggregate in the database; undefined when it has none. */
  readonly stored: StoredWithPending | undefined;
  /** The aggregate's logged events. */
  readonly links: readonly Link[];
  /** The logged event that the resolving event follows. */
  readonly from: Link;
  /** Hashes of the newest events of the discarded branches. When empty, the log needs no resolving event. */
  readonly givenUp: readonly string[];
}

/** The resolving event and its state, which follow both branches; undefined when the log's main branch is enough. */
export type Ending = { readonly restored: Restored<Aggregate>; readonly entry: PendingEvent } | undefined;

/** The data of a discarded branch that the log does not have. It contains personal data. */
export interface GivenUp {
  readonly topic: string;
  readonly id: string;
  readonly keep: Keep;
  readonly state: Aggregate | undefined;
  readonly events: readonly CloudEvent[];
  readonly history: readonly HistoryEntry[];
}

const PAGE = 500;

/** Determines how to resolve a fork. */
export function forkOf(id: string, wanted: Keep, stored: StoredWithPending | undefined, links: readonly Link[]): Fork {
  const keep = stored ? wanted : 'log';
  const head = mainLine(links).at(-1) as Link;
  const isLogged = variantsOf(links).some(({ hash }) => hash === stored?.hash);
  const from = keep === 'database' ? (ownTip(stored, links) ?? head) : head;
  const others = tips(links).flatMap(({ hash }) => (hash === undefined || hash === from.hash ? [] : [hash]));
  const own = keep === 'database' && stored?.hash !== undefined && !isLogged ? [stored.hash] : [];
  return { id, keep, stored, links, from, givenUp: [...others, ...own] };
}

/** The newest logged event of the database's branch; undefined when that is the log's main branch. */
function ownTip(stored: StoredWithPending | undefined, links: readonly Link[]): Link | undefined {
  const logged = variantsOf(links);
  const pending = (stored?.pending ?? []).map(eventOf);
  let hash = stored?.hash;
  let own: Link | undefined;
  while (hash !== undefined) {
    own = logged.find((link) => link.hash === hash);
    if (own) break;
    hash = pending.find((event) => event.hash === hash)?.prevhash;
  }
  if (!own || mainLine(links).includes(own)) return undefined;
  return tips(links).findLast((tip) => ancestry(tip, links).includes(own));
}

/** @param stateOf returns the state that a logged event carries */
export async function endingOf(
  fork: Fork,
  system: SystemOfRecord,
  stateOf: (link: Link) => Aggregate,
): Promise<Ending> {
  const { id, keep, stored, links, from, givenUp } = fork;
  if (givenUp.length === 0) return undefined;
  const base = keep === 'database' && stored ? stored.state : stateOf(from);
  const newest = Math.max(stored?.state.version ?? 0, ...links.map(({ version }) => version));
  const state = nextAfter(base, newest, new Date().toISOString());
  const change = await restatement(system, state, resolving(givenUp));
  const before = stored?.key ?? (await system.keys?.source.find([id]))?.get(id);
  const predecessor = { hash: from.hash, ...(before && { key: before }) };
  const { entry, hash, key = before } = await sealedChange(system.stream, predecessor, change, system.keys?.sealing);
  return { restored: { id, version: state.version, hash, state, key }, entry };
}

/** Collects the data that no store has after the fork is resolved. */
export async function givenUpBy({ id, keep, stored, links }: Fork, system: SystemOfRecord): Promise<GivenUp> {
  const isLogged = (hash: string | undefined) => variantsOf(links).some((link) => link.hash === hash);
  const history: HistoryEntry[] = [];
  for (let after = 0, rows = PAGE; rows === PAGE && system.recorded;) {
    const page = await system.recorded.history.page(id, after, PAGE);
    history.push(...page.filter(({ hash }) => !isLogged(hash)));
    rows = page.length;
    after = page.at(-1)?.version ?? after;
  }
  const events = (stored?.pending ?? []).map(eventOf).filter(({ hash }) => !isLogged(hash));
  return { topic: system.stream.topic, id, keep, state: stored?.state, events, history };
}
