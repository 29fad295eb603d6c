import type { Aggregate, PendingEvent, Restored } from '../aggregate/aggregates.js';
import { eventOf, sealedChange } from '../aggregate/pending-event.js';
import { type CloudEvent, isSealedPart } from '../event/cloud-event.js';
import { ownsKeys } from '../event/event-stream.js';
import { resolving } from '../event/extensions.js';
import { isShredded } from '../privacy/data-key.js';
import { valueAt } from '../privacy/personal-fields.js';
import { personalStateOf, withoutPersonal } from '../privacy/personal-state.js';
import { chainOf, type HistoryEntry, type HistoryReader } from '../views/history.js';
import { OpenedHistory } from '../views/opened-history.js';
import type { StateChange } from '../views/read-own-events.js';
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

/** The data of a discarded branch that the log does not have. It contains personal data of those who are not erased. */
export interface GivenUp {
  readonly topic: string;
  readonly id: string;
  readonly keep: Keep;
  readonly state: Aggregate | undefined;
  readonly events: readonly CloudEvent[];
  readonly history: readonly HistoryEntry[];
}

const PAGE = 500;

/** Determines how to resolve a fork. An erasure of which only the database knows is kept in any case. */
export function forkOf(id: string, wanted: Keep, stored: StoredWithPending | undefined, links: readonly Link[]): Fork {
  const isLogged = variantsOf(links).some(({ hash }) => hash === stored?.hash);
  const isErasedHere = stored?.state.erased === true && !isLogged;
  const keep = !stored ? 'log' : isErasedHere ? 'database' : wanted;
  const head = mainLine(links).at(-1) as Link;
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

/** The changes of logged events, by hash. */
type Changes = ReadonlyMap<string, StateChange<Aggregate>>;

/**
 * Returns how a fork ends. Where one of the branches erases the person, both do.
 * @param changes those of the newest events of all branches in the log
 */
export async function endingOf(fork: Fork, system: SystemOfRecord, changes: Changes): Promise<Ending> {
  const { id, keep, stored, links, from, givenUp } = fork;
  if (givenUp.length === 0) return undefined;
  const kept = keep === 'database' ? stored?.state : undefined;
  const base = erasedIn(fork, changes) ?? kept ?? stateOf(from, changes);
  const newest = Math.max(stored?.state.version ?? 0, ...links.map(({ version }) => version));
  const state = nextAfter(await withoutErasedPerson(base, system), newest, new Date().toISOString());
  const change = await restatement(system, state, resolving(givenUp));
  const before = stored?.key ?? (await system.keys?.source.find([id]))?.get(id);
  const predecessor = { hash: from.hash, ...(before && { key: before }) };
  const { entry, hash, key = before } = await sealedChange(system.stream, predecessor, change, system.keys?.sealing);
  return { restored: { id, version: state.version, hash, state, key }, entry };
}

function stateOf({ hash, id }: Link, changes: Changes): Aggregate {
  const change = changes.get(hash ?? '');
  if (!change?.state) throw new Error(`${id} changed while its fork was being resolved; run the command again`);
  return change.state;
}

/** Returns the state that is left of an erased person, whichever branch has it. */
function erasedIn({ stored, links }: Fork, changes: Changes): Aggregate | undefined {
  const logged = tips(links).map(({ hash }) => changes.get(hash ?? '')?.state);
  return [stored?.state, ...logged].find((state) => state?.erased === true);
}

/** Returns a state without the personal data of its person, if that is another aggregate and was erased. */
async function withoutErasedPerson<State extends Aggregate>(
  state: State,
  { stream, keys }: Pick<SystemOfRecord, 'stream' | 'keys'>,
): Promise<State> {
  const fields = ownsKeys(stream) ? undefined : personalStateOf(stream);
  const person = fields && valueAt({ [stream.member]: state }, fields.person.tokens);
  if (!fields || typeof person !== 'string') return state;
  const key = (await keys?.source.find([person]))?.get(person);
  return isShredded(key) ? withoutPersonal(state, stream, fields) : state;
}

/**
 * Collects the data that no store has after the fork is resolved; of an erased person nothing that is personal.
 * @param keys the keys in the log, which know of all erasures
 */
export async function givenUpBy(
  fork: Fork,
  { stream, recorded }: SystemOfRecord,
  keys: SystemOfRecord['keys'],
  changes: Changes,
): Promise<GivenUp> {
  const { id, keep, stored, links } = fork;
  const isLogged = ({ hash }: { readonly hash?: string }) => variantsOf(links).some((link) => link.hash === hash);
  const state = stored && (await withoutErasedPerson(stored.state, { stream, keys }));
  const isErased = state !== stored?.state || erasedIn(fork, changes) !== undefined;
  const history = recorded
    ? await entriesOf(id, new OpenedHistory(recorded.history, stream, keys?.open), recorded)
    : [];
  const events = (stored?.pending ?? []).map(eventOf).filter((event) => !isLogged(event));
  return {
    ...{ topic: stream.topic, id, keep },
    history: history.filter((entry) => !isLogged(entry)).map((entry) => (isErased ? chainOf(entry) : entry)),
    state: isErased && ownsKeys(stream) ? undefined : state,
    events: isErased ? events.filter(isSealed) : events,
  };
}

/** Returns all entries of an aggregate, opened where that is possible: nobody could open what is in a file. */
async function entriesOf(
  id: string,
  opened: HistoryReader,
  { history }: NonNullable<SystemOfRecord['recorded']>,
): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for (let after = 0; ;) {
    const page = await opened.page(id, after, PAGE).catch(() => history.page(id, after, PAGE));
    entries.push(...page);
    if (page.length < PAGE) return entries;
    after = page.at(-1)?.version ?? after;
  }
}

function isSealed({ data }: CloudEvent): boolean {
  return isSealedPart((data as { readonly sealed?: unknown } | null)?.sealed);
}
