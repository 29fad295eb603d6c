import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import type { EventStream } from '../event/event-stream.js';
import type { Pointer } from '../privacy/personal-fields.js';
import { pathInState, personalStateOf } from '../privacy/personal-state.js';
import { refusal } from './errors.js';
import { writeWhenUnfenced } from './fence.js';

type Documents = Collection<{ _id: string }>;

/** What is removed from remembered commands. A retry learns from the rest that its response was erased. */
const ANSWERS = { 'commands.$[].answer': '', 'commands.$[].request': '' };

/** Removes the responses that are remembered of those of these aggregates that are erased. */
export async function forgetAnswers(collection: Documents, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await remove(collection, { _id: { $in: ids }, 'state.erased': true }, ANSWERS);
}

/** Removes the personal data of these persons from the states and the remembered responses. */
export async function forgetPersons(
  collection: Documents,
  stream: EventStream,
  persons: readonly string[],
): Promise<void> {
  const fields = personalStateOf(stream);
  if (!fields || persons.length === 0) return;
  const members = Object.fromEntries(fields.members.map((pointer) => [pathOf(pointer), '']));
  await remove(collection, { [pathOf(fields.person)]: { $in: persons } }, { ...members, ...ANSWERS });
}

function pathOf(pointer: Pointer): string {
  return ['state', ...pathInState(pointer)].join('.');
}

async function remove(collection: Documents, filter: object, members: object): Promise<void> {
  const operations = [{ updateMany: { filter, update: { $unset: members } } }];
  const refused = await writeWhenUnfenced(collection, operations as AnyBulkWriteOperation<{ _id: string }>[]);
  if (refused.size > 0) throw refusal(refused.values());
}
