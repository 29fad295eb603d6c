import { PlatformError } from '../tools/errors.js';
import type { Aggregate, Change, RememberedCommand, StoredAggregate } from './aggregates.js';

/** Digests of a client's `Idempotency-Key` and of its request, so that neither is stored. */
export interface Idempotency {
  readonly key: string;
  readonly request: string;
}

const HOURS_24 = 24 * 60 * 60 * 1000;

/**
 * Returns the first response for this key; undefined if there was none in the last 24 hours.
 * @throws PlatformError `rejected` when the key was used for another request, `gone` when the response was erased
 */
export function recall<State extends Aggregate>(
  stored: StoredAggregate<State> | undefined,
  idempotency: Idempotency | undefined,
  now: number,
): State | undefined {
  const command = stored?.commands.find(({ key, at }) => key === idempotency?.key && isFresh(at, now));
  if (!stored || !idempotency || !command) return undefined;
  // A request that can no longer be compared counts as the same.
  if (command.request !== undefined && command.request !== idempotency.request) {
    throw new PlatformError('rejected', 'idempotency-key-reused', 'this Idempotency-Key was used for another request');
  }
  if (command.version === stored.state.version) return stored.state;
  if (!command.answer) throw new PlatformError('gone', 'gone', 'the response for this key has been erased');
  return command.answer;
}

/**
 * Like {@link recall}, for a command that creates an aggregate whose id is derived from the key. An aggregate younger
 * than 24 hours proves that it was created with the key, even if the remembered command was lost in a rebuild from the
 * log. If the aggregate has changed since, the first response is lost, too, and the current state is returned.
 * @throws PlatformError like {@link recall}
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
 * Returns the commands to remember after a change. A response is copied only when the state is replaced. Of an erased
 * response only the key remains.
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

/** Returns the time (RFC 3339) before which commands are dropped. */
export function forgottenBefore(now: number): string {
  return new Date(now - HOURS_24).toISOString();
}

/** Returns the commands since a time (RFC 3339), without the fingerprints that earlier versions stored. */
export function withoutForgotten<State>(
  commands: readonly RememberedCommand<State>[],
  before: string,
): RememberedCommand<State>[] {
  return commands
    .filter(({ at }) => at >= before)
    .map(({ fingerprint: _, ...command }: RememberedCommand<State> & { fingerprint?: string }) => command);
}

/** Returns the commands without their responses, of which a retry learns that they were erased. */
export function withoutAnswers<State>(commands: readonly RememberedCommand<State>[]): RememberedCommand<State>[] {
  return commands.map(({ key, at, version }) => ({ key, at, version }));
}

function isFresh(at: string, now: number): boolean {
  return now - Date.parse(at) < HOURS_24;
}
