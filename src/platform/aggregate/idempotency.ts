import { PlatformError } from '../tools/errors.js';
import type { Aggregate, Change, RememberedCommand, StoredAggregate } from './aggregates.js';

/** What a client's `Idempotency-Key` and the request under it come to: digests, so that neither is kept. */
export interface Idempotency {
  readonly key: string;
  readonly request: string;
}

const HOURS_24 = 24 * 60 * 60 * 1000;

/**
 * The answer that was given under this key already; undefined when there was none, or its 24 hours are over.
 * @throws PlatformError `rejected` when another request was made under the key, `gone` when the answer was taken back.
 */
export function recall<State extends Aggregate>(
  stored: StoredAggregate<State> | undefined,
  idempotency: Idempotency | undefined,
  now: number,
): State | undefined {
  const command = stored?.commands.find(({ key, at }) => key === idempotency?.key && isFresh(at, now));
  if (!stored || !idempotency || !command) return undefined;
  // What cannot be compared any more counts as the same.
  if (command.request !== undefined && command.request !== idempotency.request) {
    throw new PlatformError('rejected', 'idempotency-key-reused', 'this Idempotency-Key was used for another request');
  }
  if (command.version === stored.state.version) return stored.state;
  if (!command.answer) throw new PlatformError('gone', 'gone', 'what was answered under this key has been erased');
  return command.answer;
}

/**
 * The same for a command that creates, where the aggregate's id follows from the key. One that is younger than 24 hours is
 * itself the proof that it was created under the key, even where the remembered command was lost because the database was
 * rebuilt from the log. Its first answer is lost, too, once it has changed: its current state is returned then.
 * @throws PlatformError as {@link recall} does
 */
export function recallCreation<State extends Aggregate>(
  stored: StoredAggregate<State> | undefined,
  idempotency: Idempotency,
  now: number,
): State | undefined {
  const answer = recall(stored, idempotency, now);
  if (answer || !stored) return answer;
  return isFresh(stored.state.createdAt, now) ? stored.state : undefined;
}

/**
 * The commands that an aggregate remembers after a change. An answer is copied only once the state moves on from it. Of
 * answers that are taken back only the key remains.
 */
export function remember<State extends Aggregate>(
  stored: StoredAggregate<State> | undefined,
  change: Change<State>,
  idempotency: Idempotency | undefined,
  now: number,
): RememberedCommand<State>[] {
  const kept = (stored?.commands ?? [])
    .filter(({ at }) => isFresh(at, now))
    .map(({ key, request, at, version, answer = stored?.state }) => ({
      key,
      ...(request !== undefined && !change.forgets && { request }),
      at,
      version,
      ...(answer?.version === version && !change.forgets && { answer }),
    }));
  if (!idempotency) return kept;
  return [...kept, { ...idempotency, at: new Date(now).toISOString(), version: change.state.version }];
}

/** The time (RFC 3339) before which commands are forgotten. */
export function forgottenBefore(now: number): string {
  return new Date(now - HOURS_24).toISOString();
}

/** The commands that are as young as a time (RFC 3339), without what earlier versions stored of the requests. */
export function withoutForgotten<State>(
  commands: readonly RememberedCommand<State>[],
  before: string,
): RememberedCommand<State>[] {
  return commands
    .filter(({ at }) => at >= before)
    .map(({ fingerprint: _, ...command }: RememberedCommand<State> & { fingerprint?: string }) => command);
}

function isFresh(at: string, now: number): boolean {
  return now - Date.parse(at) < HOURS_24;
}
