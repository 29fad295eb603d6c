import { type CloudEvent, dataschemaOf } from '../event/cloud-event.js';
import { boundTo } from '../event/compose-event.js';
import { clearOriginalOf, isAltered } from '../event/copied-event.js';
import type { EventStream } from '../event/event-stream.js';
import { canonicalJson } from '../event/hash-chain.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import { upcast } from '../event/upcast.js';
import { type DataKey, newDataKey } from '../privacy/data-key.js';
import { formerlyBoundTo, type OpenEvents } from '../privacy/open-events.js';
import { personalFieldsOf, type PersonalFields, sealData, split, valueAt } from '../privacy/personal-fields.js';
import { sealPart } from '../privacy/sealed-part.js';
import type { EventTransform } from './event-transform.js';

/** Finds the keys of persons. */
export interface KeysOfCopies {
  /**
   * Returns a key for each person; undefined for one who was erased.
   * @throws PlatformError `no-key` when a person has none, and was not erased
   */
  keysOf(persons: readonly string[]): Promise<ReadonlyMap<string, DataKey | undefined>>;
  /** Opens sealed events; those that cannot be opened are forgotten. */
  readonly open: OpenEvents;
}

/** An event in clear text, and what of it is to be sealed. */
interface ClearEvent {
  /** In the newest version. */
  readonly lifted: CloudEvent<object>;
  readonly fields: PersonalFields;
  readonly person: string;
}

type Stream = Pick<EventStream, 'typePrefix' | 'schemaVersions' | 'schemas' | 'upcasters'>;

/**
 * Seals the personal part of events that were published in clear text, as they would be composed today: in the newest
 * version of their schema, with the key of the person.
 *
 * The events of erased persons are sealed with a key that is kept nowhere. Readers then treat them like those that were
 * sealed before the person was erased. Without the personal members they would contradict their schema.
 */
export class SealCopies implements EventTransform {
  /** Events that were sealed by this run. */
  sealed = 0;
  /** Those of them that nobody can open, because the person was erased. */
  closed = 0;
  /** Events of the stream that cannot be sealed, because they contradict their schema: no consumer can read them, either. */
  unreadable = 0;

  constructor(
    private readonly stream: Stream,
    private readonly keys: KeysOfCopies,
  ) {}

  async apply(events: readonly CloudEvent[]): Promise<readonly CloudEvent[]> {
    const found = events.map((event) => this.clearOf(event));
    const clear = found.filter((each) => typeof each === 'object');
    const keys = await this.keys.keysOf([...new Set(clear.map(({ person }) => person))]);
    return events.map((event, index) => {
      const each = found[index];
      if (each === 'unreadable') this.unreadable += 1;
      return typeof each === 'object' ? this.seal(event, each, keys.get(each.person)) : event;
    });
  }

  commonOf(event: CloudEvent): unknown {
    const clear = this.clearOf(event);
    if (typeof clear === 'object') return split(clear.lifted.data, clear.fields).clear;
    if (event.formerschema === undefined) return event.data;
    const { sealed: _, ...common } = event.data as { readonly sealed: unknown };
    return common;
  }

  async findWrong(copies: readonly CloudEvent[]): Promise<readonly CloudEvent[]> {
    // One that was altered before it was copied is left to `verify`.
    const sealed = copies.filter((event) => event.formerschema !== undefined && !isAltered(event));
    const opened = await this.keys.open(sealed);
    return sealed.filter((event, index) => {
      const each = opened[index];
      return !each || each instanceof UnreadableRecord || isAltered(event, each) || !this.isLifted(each);
    });
  }

  /** True if the data is what becomes of the event as it was published. */
  private isLifted(opened: CloudEvent): boolean {
    const original = opened.forgotten ? undefined : clearOriginalOf(opened);
    const clear = original && this.clearOf(original);
    return typeof clear !== 'object' || canonicalJson(clear.lifted.data) === canonicalJson(opened.data);
  }

  private seal(event: CloudEvent, { lifted, fields }: ClearEvent, known: DataKey | undefined): CloudEvent {
    const { subject: id, sequence, type, dataschema, data } = lifted;
    const key = known ?? newDataKey();
    this.sealed += 1;
    if (!known) this.closed += 1;
    const bound = boundTo({ id, version: Number(sequence) }, type, dataschema);
    const isSame = canonicalJson(event.data) === canonicalJson(data);
    return {
      ...lifted,
      data: sealData({ data, fields, key, boundTo: bound, id }),
      formerschema: event.dataschema,
      ...(!isSame && { formerdata: sealPart(key, event.data as object, formerlyBoundTo(lifted)).box }),
    };
  }

  /** Returns an event in clear text that has a personal part; undefined for any other. */
  private clearOf(event: CloudEvent): ClearEvent | 'unreadable' | undefined {
    const { typePrefix, schemaVersions, schemas, upcasters = {} } = this.stream;
    const major = event.type.startsWith(`${typePrefix}.`) && schemaVersions[event.type.slice(typePrefix.length + 1)];
    const { sealed } = (event.data ?? {}) as { readonly sealed?: unknown };
    if (typeof major !== 'number' || sealed !== undefined) return undefined;
    const fields = personalFieldsOf(schemas, dataschemaOf(event.type, major));
    if (!fields) return undefined;
    const lifted = liftedOf(event, upcasters, major);
    if (!lifted) return 'unreadable';
    if (!fields.members.some(({ tokens }) => valueAt(lifted.data, tokens) !== undefined)) return undefined;
    const person = valueAt(lifted.data, fields.person.tokens);
    return typeof person === 'string' ? { lifted, fields, person } : 'unreadable';
  }
}

function liftedOf(event: CloudEvent, upcasters: NonNullable<Stream['upcasters']>, major: number) {
  try {
    const lifted = upcast(event, upcasters, major);
    return typeof lifted.data === 'object' && lifted.data !== null ? (lifted as CloudEvent<object>) : undefined;
  } catch (error) {
    if (error instanceof UnreadableRecord) return undefined;
    throw error;
  }
}
