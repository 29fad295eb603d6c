import { setTimeout as sleep } from 'node:timers/promises';
import { SpanKind } from '@opentelemetry/api';
import { v5 as uuidv5 } from 'uuid';
import { type CodedError, isCodedError, PlatformError, unavailable } from '../tools/errors.js';
import { newId } from '../tools/loggable-id.js';
import { requestContext } from '../tools/request-context.js';
import { inSpan } from '../tools/spans.js';
import {
  type Aggregate,
  type Aggregates,
  type Change,
  type Saving,
  type StoredAggregate,
  VersionConflict,
} from './aggregates.js';
import { type Idempotency, recall, recallCreation, remember } from './idempotency.js';
import { changesIn } from './pending-event.js';

/** The versions that an `If-Match` header allows; undefined when there is no such header. */
export type ExpectedVersions = readonly number[] | 'any' | undefined;

/** A client's conditions for a command. */
export interface Conditions {
  readonly expected?: ExpectedVersions;
  readonly idempotency?: Idempotency | undefined;
}

/** The state after a command. `replayed`: the command was executed before, and this is the first result. */
export interface CommandResult<State> {
  readonly state: State;
  readonly replayed?: true;
}

const MAX_ATTEMPTS = 100;
/** Limits the pending events of one aggregate, because a document is limited (MongoDB: 16 MiB). */
const MAX_PENDING = 1_000;
const MAX_PENDING_BYTES = 8 * 1024 ** 2;
/** UUID namespace of the ids that are derived from idempotency keys. */
const NAMESPACE = 'a3f0c1de-5b0e-4c53-9d0f-2f3f5f2f8a71';

/**
 * Loads an aggregate, decides, and saves the change. After a conflict with another writer it decides again on the newer
 * state. A change that leaves the content unchanged writes nothing. For a decision that may change nothing, use
 * {@link changeExisting}.
 * @param decide called with the state and the time of the decision (RFC 3339, UTC)
 * @throws PlatformError `stale` when `expected` does not allow the current version, `unavailable` when the store does
 *   not answer or conflicts persist, and errors of {@link recall}
 * @throws errors of `decide`
 * @example
 * await changeAggregate(customers, id, (record, now) => eraseCustomer(existing(record), now), { expected });
 */
export function changeAggregate<State extends Aggregate, Changed extends Change<State>>(
  aggregates: Aggregates<State, Changed>,
  id: string,
  decide: (state: State | undefined, now: string) => Changed | Promise<Changed>,
  conditions?: Conditions,
): Promise<CommandResult<State>> {
  return change(aggregates, id, decide, conditions);
}

/**
 * Like {@link changeAggregate}, for an aggregate that must exist. If the decision is undefined, it writes nothing and
 * returns the current state.
 * @throws the error from `absent` when there is no such aggregate
 * @example
 * await changeExisting(orders, id, () => new OrderNotFound(), redactOrder);
 */
export function changeExisting<State extends Aggregate, Changed extends Change<State>>(
  aggregates: Aggregates<State, Changed>,
  id: string,
  absent: () => Error,
  decide: (state: State, now: string) => Changed | undefined | Promise<Changed | undefined>,
  conditions?: Conditions,
): Promise<CommandResult<State>> {
  return change(aggregates, id, (state, now) => (state ? decide(state, now) : Promise.reject(absent())), conditions);
}

function change<State extends Aggregate, Changed extends Change<State>>(
  aggregates: Aggregates<State, Changed>,
  id: string,
  decide: (state: State | undefined, now: string) => Changed | undefined | Promise<Changed | undefined>,
  { expected, idempotency }: Conditions = {},
): Promise<CommandResult<State>> {
  return retryLostRaces(async () => {
    aggregates.admit();
    const stored = await aggregates.find(id);
    const answer = recall(stored, idempotency, Date.now());
    if (answer) return { state: answer, replayed: true };
    if (stored && !isExpected(stored.state, expected)) throw await refusalOfStale(stored.state, decide);
    const change = await decide(stored?.state, timeNow());
    if (stored && (!change || changesNothing(stored.state, change))) return { state: stored.state };
    if (!change) throw new Error(`${id}: a decision on nothing has to make something`);
    refuseFullOutbox(stored);
    const commands = remember(stored, change, idempotency, Date.now());
    await save(aggregates, stored, { ...change, commands });
    return { state: change.state };
  });
}

/**
 * Creates an aggregate with a new id. With an idempotency key, the id is derived from the key: one of any number of
 * attempts, on any instances, creates the aggregate, and the others find it.
 * @throws errors of {@link changeAggregate}
 * @example
 * await createAggregate(customers, (id, now) => registerCustomer(id, input, now), idempotency);
 */
export function createAggregate<State extends Aggregate, Changed extends Change<State>>(
  aggregates: Aggregates<State, Changed>,
  decide: (id: string, now: string) => Changed | Promise<Changed>,
  idempotency?: Idempotency,
): Promise<CommandResult<State>> {
  if (!idempotency) return createNew(aggregates, decide);
  return retryLostRaces(async () => {
    aggregates.admit();
    for (let generation = 0; ; generation += 1) {
      const id = uuidv5(`${idempotency.key} ${generation}`, NAMESPACE);
      const stored = await aggregates.find(id);
      const answer = recallCreation(stored, idempotency, Date.now());
      if (answer) return { state: answer, replayed: true };
      // A key that is older than 24 hours creates a new aggregate.
      if (stored) continue;
      const change = await decide(id, timeNow());
      const commands = remember(undefined, change, idempotency, Date.now());
      await save(aggregates, undefined, { ...change, commands });
      return { state: change.state };
    }
  });
}

/** The id is new, so no lookup is necessary. */
function createNew<State extends Aggregate, Changed extends Change<State>>(
  aggregates: Aggregates<State, Changed>,
  decide: (id: string, now: string) => Changed | Promise<Changed>,
): Promise<CommandResult<State>> {
  return retryLostRaces(async () => {
    aggregates.admit();
    const change = await decide(newId(), timeNow());
    await save(aggregates, undefined, { ...change, commands: [] });
    return { state: change.state };
  });
}

function save<State extends Aggregate, Changed extends Change<State>>(
  aggregates: Aggregates<State, Changed>,
  before: StoredAggregate<State> | undefined,
  saving: Saving<State, Changed>,
): Promise<void> {
  const start = { name: `save ${saving.type}`, kind: SpanKind.INTERNAL };
  return inSpan(start, requestContext()?.traceparent, () => aggregates.save(before, saving), isLostRace);
}

async function retryLostRaces<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; attempts <= MAX_ATTEMPTS; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isLostRace(error)) throw error;
    }
    // Random delays keep the writers from colliding again.
    await sleep(Math.random() * Math.min(attempts, 20));
  }
  throw unavailable('other writers were always first');
}

function isLostRace(error: unknown): boolean {
  return error instanceof VersionConflict;
}

function changesNothing(before: Aggregate, { state, restates }: Change): boolean {
  return !restates && changesIn(before, state).length === 0;
}

function isExpected({ version }: Aggregate, expected: ExpectedVersions): boolean {
  return expected === undefined || expected === 'any' || expected.includes(version);
}

/** RFC 3339, UTC. */
function timeNow(): string {
  return new Date().toISOString();
}

/**
 * Returns the error of the decision if the aggregate is gone, or is not there for this caller, whatever `If-Match`
 * names; otherwise `stale`, which shows that the aggregate exists.
 */
async function refusalOfStale<State extends Aggregate>(
  state: State,
  decide: (state: State, now: string) => unknown,
): Promise<CodedError> {
  try {
    await decide(state, timeNow());
  } catch (error) {
    if (isCodedError(error) && (error.kind === 'gone' || error.kind === 'not-found')) return error;
  }
  return new PlatformError('stale', 'stale', `If-Match does not name the current version, ${state.version}`);
}

function refuseFullOutbox(stored: StoredAggregate<Aggregate> | undefined): void {
  if (!stored?.pending) return;
  const { oldest, bytes } = stored.pending;
  if (stored.state.version - oldest + 1 < MAX_PENDING && bytes < MAX_PENDING_BYTES) return;
  throw unavailable('too many pending events of this aggregate');
}
