import { type CloudEvent, dataschemaOf } from './cloud-event.js';
import { majorVersionOf, UnreadableRecord } from './parse-cloud-event.js';

/**
 * Lifts an event's data from one major version of its schema to the next. It answers a new value, and may throw where
 * the data is not of the version that it starts from.
 */
export type Upcaster = (data: unknown) => unknown;

/** The upcasters of a reader, each by the `dataschema` that it starts from. */
export type Upcasters = Readonly<Record<string, Upcaster>>;

/**
 * The event with its data as the given major version states it; of the envelope, only `dataschema` moves with it.
 * @param newest the major version of the event's type that the reader's code is written for
 * @throws UnreadableRecord when no way leads there from the event's own version
 * @example
 * const { data } = upcast(event, customerUpcasters, 2);
 */
export function upcast(event: CloudEvent, upcasters: Upcasters, newest: number): CloudEvent {
  const { type } = event;
  const stated = majorVersionOf(event);
  if (stated === newest) return event;
  if (stated > newest) throw new UnreadableRecord(`major version ${stated} of ${type} is not known here`);
  let { data } = event;
  for (let major = stated; major < newest; major++) {
    const lift = upcasters[dataschemaOf(type, major)];
    if (!lift) throw new UnreadableRecord(`nothing lifts major version ${major} of ${type} to the next`);
    try {
      data = lift(data);
    } catch {
      // Without the upcaster's own words, which may quote the data.
      throw new UnreadableRecord(`data is not of major version ${major} of ${type}`);
    }
  }
  return { ...event, dataschema: dataschemaOf(type, newest), data };
}
