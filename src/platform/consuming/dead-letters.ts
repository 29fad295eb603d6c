import type { Bus, BusRecord, LoggedRecord } from '../log/bus.js';
import { type Generations, generationsOf } from '../log/generations.js';
import { placesOf } from '../log/origins.js';
import { readToEnd } from '../log/read-to-end.js';
import { isCodedError } from '../tools/errors.js';
import type { Refused } from './apply-records.js';
import {
  type Consumed,
  deadLetterTopic,
  type DeadLetterRecord,
  type RecordLocation,
  locationName,
  parseDeadLetter,
  toDeadLetter,
  toOriginalRecord,
  withoutContent,
} from './dead-letter.js';
import { type Discard, type Marker, markersTopic, parseMarker } from './dead-letter-markers.js';

/**
 * A record that could not be applied. It may have several records in the dead-letter topic, for instance after a crash.
 */
export interface DeadLetter {
  /** Location of the original record: `topic/partition/offset`. */
  readonly id: string;
  /** The newest of its records in the dead-letter topic. */
  readonly latest: DeadLetterRecord;
  readonly state: DeadLetterState;
  /** Locations of those that are neither marked as redriven nor as discarded. */
  readonly pending: readonly RecordLocation[];
  /** Locations of those that are not marked as redriven. */
  readonly unapplied: readonly RecordLocation[];
  /** Of a discarded one: when, why and by whom. */
  readonly discarded?: Discard & { readonly time: string };
}

/** A record that is dead-lettered again is pending again, whatever it was before. */
export type DeadLetterState = 'pending' | 'redriven' | 'discarded';

/**
 * Sends records to the dead-letter topic. Resolves when they are durable there. After a failure, some of them may be
 * there already.
 */
export async function sendToDeadLetters(bus: Bus, consumed: Consumed, refused: readonly Refused[]): Promise<void> {
  const deadLetters = refused.map((each) => toDeadLetter(each, consumed.group));
  await publish(bus, deadLetterTopic(consumed), deadLetters);
}

/**
 * Omits the content of a record that is too large for the dead-letter topic: the original stays in the log permanently.
 */
async function publish(bus: Bus, topic: string, deadLetters: readonly BusRecord[]): Promise<void> {
  try {
    await bus.publish(topic, deadLetters);
  } catch (error) {
    if (!isCodedError(error) || error.kind !== 'too-large') throw error;
    if (deadLetters.length > 1) for (const each of deadLetters) await publish(bus, topic, [each]);
    else await bus.publish(topic, deadLetters.map(withoutContent));
  }
}

/**
 * Returns all dead letters of a consumer group, in the log order of the original records. Without their values: one
 * takes less than 1 kB of memory.
 */
export async function readDeadLetters(bus: Bus, consumed: Consumed): Promise<readonly DeadLetter[]> {
  const topic = deadLetterTopic(consumed);
  // By location: a reader may deliver the same record twice.
  const found = new Map<string, DeadLetterRecord>();
  const markers = new Map<string, Marker>();
  // Most dead letters share their reason, type and stack with others.
  const texts = new Map<string, string>();
  await readWhole(bus, [topic, markersTopic(consumed)], (record) => {
    if (record.topic === topic) found.set(locationName(record), shareTexts(parseDeadLetter(record), texts));
    else addMarker(markers, parseMarker(record, consumed));
  });
  return toDeadLetters([...found.values()], markers);
}

/** Returns the number of records in the dead-letter topic that are marked as redriven or discarded. */
export async function countMarked(bus: Bus, consumed: Consumed): Promise<number> {
  const marked = new Set<string>();
  await readWhole(bus, [markersTopic(consumed)], (record) => {
    const marker = parseMarker(record, consumed);
    if (marker) marked.add(locationName(marker.location));
  });
  return marked.size;
}

/** A redriven dead letter stays redriven. Of two discards, which ran concurrently, the earlier one counts. */
function addMarker(markers: Map<string, Marker>, marker: Marker | undefined): void {
  if (!marker) return;
  const name = locationName(marker.location);
  const known = markers.get(name);
  const counts = !known || (known.state !== 'redriven' && (marker.state === 'redriven' || marker.time < known.time));
  if (counts) markers.set(name, marker);
}

/** Groups records of a dead-letter topic by their origin. */
function toDeadLetters(records: readonly DeadLetterRecord[], markers: ReadonlyMap<string, Marker>): DeadLetter[] {
  const byId = new Map<string, DeadLetterRecord[]>();
  const oldestFirst = [...records].sort((one, other) => compareLocations(one.location, other.location));
  for (const record of oldestFirst) {
    const id = locationName(record.origin ?? record.location);
    const known = byId.get(id);
    if (known) known.push(record);
    else byId.set(id, [record]);
  }
  return [...byId]
    .map(([id, all]) => letterOf(id, all, markers))
    .sort((one, other) => compareLocations(placeOf(one), placeOf(other)));
}

/** @param records those of one original record, oldest first */
function letterOf(id: string, records: readonly DeadLetterRecord[], markers: ReadonlyMap<string, Marker>): DeadLetter {
  const locations = records.map(({ location }) => location);
  const markerOf = (location: RecordLocation) => markers.get(locationName(location));
  const latest = records.at(-1) as DeadLetterRecord;
  const pending = someOf(locations, (location) => !markerOf(location));
  const marker = markerOf(latest.location);
  const state = pending.length > 0 || !marker ? 'pending' : marker.state;
  const unapplied = someOf(locations, (location) => markerOf(location)?.state !== 'redriven');
  const letter: DeadLetter = { id, latest, state, pending, unapplied };
  return state === 'discarded' && marker?.state === 'discarded' ? { ...letter, discarded: marker } : letter;
}

/** As `filter`, but shares the result with others if it can: there may be many dead letters. */
function someOf<Item>(items: readonly Item[], isWanted: (item: Item) => boolean): readonly Item[] {
  const wanted = items.filter(isWanted);
  if (wanted.length === 0) return nothing;
  return wanted.length === items.length ? items : wanted;
}

const nothing: readonly never[] = [];

function shareTexts(record: DeadLetterRecord, texts: Map<string, string>): DeadLetterRecord {
  const share = (text: string) => {
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    return known ?? text;
  };
  const { reason, stack, event, origin } = record;
  return {
    ...record,
    reason: share(reason),
    ...(stack && { stack: stack.map(share) }),
    ...(event && { event: { ...event, type: share(event.type) } }),
    ...(origin && { origin: { ...origin, topic: share(origin.topic) } }),
  };
}

/**
 * Returns the original records of dead letters, by id. A value that was omitted from the dead letter is read from its
 * origin, or from the copy in the generation that is active now; a record that is no longer in the log is missing from the result.
 */
export async function readOriginals(
  bus: Bus,
  deadLetters: readonly DeadLetter[],
): Promise<ReadonlyMap<string, LoggedRecord>> {
  const wanted = new Map(deadLetters.map((deadLetter) => [locationName(contentOf(deadLetter)), deadLetter]));
  const topics = new Set(deadLetters.map((deadLetter) => contentOf(deadLetter).topic));
  const stated = await generationsIn(bus, topics);
  const originals = new Map<string, LoggedRecord>();
  await readWhole(bus, [...topics], (record) => {
    for (const place of placesOf(record, stated.get(record.topic))) {
      const found = wanted.get(locationName(place));
      if (found) originals.set(found.id, toOriginalRecord(record, placeOf(found)));
    }
  });
  return originals;
}

async function generationsIn(
  bus: Bus,
  topics: Iterable<string>,
): Promise<ReadonlyMap<string, Generations | undefined>> {
  const store = generationsOf(bus);
  const stated = new Map<string, Generations | undefined>();
  if (store) for (const topic of topics) stated.set(topic, await store.read(topic));
  return stated;
}

async function readWhole(bus: Bus, topics: readonly string[], take: (record: LoggedRecord) => void): Promise<void> {
  await readToEnd(bus, topics, (records) => {
    for (const record of records) take(record);
    return Promise.resolve();
  });
}

/** Returns the location of the original record; of a record that is no dead letter, its own. */
export function placeOf({ latest: { origin, location } }: DeadLetter): RecordLocation {
  return origin ?? location;
}

function contentOf({ latest: { origin, location, isOmitted } }: DeadLetter): RecordLocation {
  return isOmitted && origin ? origin : location;
}

/** Compares two locations in log order: negative if the first one comes first. */
export function compareLocations(one: RecordLocation, other: RecordLocation): number {
  if (one.topic !== other.topic) return one.topic < other.topic ? -1 : 1;
  return one.partition - other.partition || one.offset - other.offset;
}
