import type { AbstractSublevel } from 'abstract-level';
import type { Aggregate, RememberedCommand } from '../aggregate/aggregates.js';
import { withoutAnswers } from '../aggregate/idempotency.js';
import type { EventStream } from '../event/event-stream.js';
import { valueAt } from '../privacy/personal-fields.js';
import { pathInState, personalStateOf, withoutPersonal } from '../privacy/personal-state.js';
import type { Level } from './level.js';

interface Document<State extends Aggregate> {
  readonly state: State;
  readonly commands: readonly RememberedCommand<State>[];
}

type Documents<Stored> = AbstractSublevel<Level, string | Buffer | Uint8Array, string, Stored>;
/** Changes a document, if there is one. */
type Edit<Stored> = (id: string, apply: (document: Stored | undefined) => Stored | undefined) => Promise<boolean>;

/**
 * Removes the personal data of these persons from the states and the remembered responses. Reads all documents, as
 * lists do.
 */
export async function forgetPersons<State extends Aggregate, Stored extends Document<State>>(
  documents: Documents<Stored>,
  stream: EventStream,
  persons: readonly string[],
  edit: Edit<Stored>,
): Promise<void> {
  const fields = personalStateOf(stream);
  if (!fields || persons.length === 0) return;
  const wanted = new Set<unknown>(persons);
  const path = pathInState(fields.person);
  for await (const [id, { state }] of documents.iterator()) {
    if (!wanted.has(valueAt(state, path))) continue;
    await edit(
      id,
      (stored) =>
        stored && {
          ...stored,
          state: withoutPersonal(stored.state, stream, fields),
          commands: withoutAnswers(stored.commands),
        },
    );
  }
}
