import { dataschemaOf } from '../event/cloud-event.js';
import type { EventStream } from '../event/event-stream.js';
import { personalFields, type PersonalFields, personalFieldsOf, type Pointer, split } from './personal-fields.js';

const known = new WeakMap<EventStream, PersonalFields | undefined>();

/** Returns the personal members of all current events of a stream; undefined if there are none. */
export function personalStateOf(stream: EventStream): PersonalFields | undefined {
  if (!known.has(stream)) known.set(stream, fieldsOf(stream));
  return known.get(stream);
}

function fieldsOf({ typePrefix, schemaVersions, schemas }: EventStream): PersonalFields | undefined {
  const ofTypes = Object.entries(schemaVersions).flatMap(
    ([type, major]) => personalFieldsOf(schemas, dataschemaOf(`${typePrefix}.${type}`, major)) ?? [],
  );
  const [first] = ofTypes;
  if (!first) return undefined;
  const members = new Map(ofTypes.flatMap((each) => each.members.map((pointer) => [pointer.text, pointer] as const)));
  return personalFields(first.person, [...members.values()]);
}

/** Returns a state without its personal members, as a replay has it that cannot open the events. */
export function withoutPersonal<State>(state: State, { member }: EventStream, fields: PersonalFields): State {
  return (split({ [member]: state }, fields).clear as Record<string, State>)[member] as State;
}

/** Returns the path into the state of a pointer into the data of an event. */
export function pathInState({ tokens }: Pointer): readonly string[] {
  return tokens.slice(1);
}
