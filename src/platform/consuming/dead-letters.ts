import type { Bus, BusRecord, LoggedRecord } from '../log/bus.js';
import { type Generations, generationsOf } from '../log/generations.js';
import { placesOf } from '../log/origins.js';
import { isCodedError } from '../tools/errors.js';
import type { Refused } from './apply-records.js';
import {
  type Consumed,
  deadLetterTopic,
  type DeadLetterRecord,
  type RecordLocation,
  locationName,
  locationOfMarker,
  redrivenTopic,
  parseDeadLetter,
  toDeadLetter,
  toOriginalRecord,
  withoutContent,
} from './dead-letter.js';

/**
 * A record that could not be applied. It may have several records in the dead-letter topic, for instance after a crash.
 */
export interface DeadLetter {
  /** Location of the original record: `topic/partition/offset`. */
  readonly id: string;
  /** The newest of its records in the dead-letter topic. */
  readonly latest: DeadLetterRecord;
  /** Locations of those that are not marked as redriven. */
  readonly pending: readonly RecordLocation[];
}

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

/** Returns all dead letters of a consumer group, in the log order of the original records. */
export async function readDeadLetters(bus: Bus, consumed: Consumed): Promise<readonly DeadLetter[]> {
  const topic = deadLetterTopic(consumed);
  // By location: a reader may deliver the same record twice.
  const found = new Map<string, DeadLetterRecord>();
  const redriven = new Set<string>();
  await readWhole(bus, [topic, redrivenTopic(consumed)], (record) => {
    if (record.topic === topic) found.set(locationName(record), parseDeadLetter(record));
    else addMarker(redriven, record, topic);
  });
  return toDeadLetters([...found.values()], redriven);
}

/** Returns the locations (as {@link locationName}) in the dead-letter topic that are marked as redriven. */
export async function readRedriven(bus: Bus, consumed: Consumed): Promise<ReadonlySet<string>> {
  const redriven = new Set<string>();
  await readWhole(bus, [redrivenTopic(consumed)], (record) => addMarker(redriven, record, deadLetterTopic(consumed)));
  return redriven;
}

/** Groups records of a dead-letter topic by their origin. */
function toDeadLetters(records: readonly DeadLetterRecord[], redriven: ReadonlySet<string>): DeadLetter[] {
  const byId = new Map<string, DeadLetter>();
  const oldestFirst = [...records].sort((one, other) => compare(one.location, other.location));
  for (const latest of oldestFirst) {
    const id = locationName(latest.origin ?? latest.location);
    const pending = redriven.has(locationName(latest.location)) ? [] : [latest.location];
    byId.set(id, { id, latest, pending: [...(byId.get(id)?.pending ?? []), ...pending] });
  }
  return [...byId.values()].sort((one, other) => compare(recordOf(one), recordOf(other)));
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
      if (found) originals.set(found.id, toOriginalRecord(record, recordOf(found)));
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
  const reader = await bus.read(topics, (records) => {
    for (const record of records) take(record);
    return Promise.resolve();
  });
  try {
    await reader.caughtUp();
  } finally {
    await reader.stop();
  }
}

function recordOf({ latest: { origin, location } }: DeadLetter): RecordLocation {
  return origin ?? location;
}

function contentOf({ latest: { origin, location, isOmitted } }: DeadLetter): RecordLocation {
  return isOmitted && origin ? origin : location;
}

function addMarker(redriven: Set<string>, record: LoggedRecord, topic: string): void {
  const location = locationOfMarker(record, topic);
  if (location) redriven.add(locationName(location));
}

function compare(one: RecordLocation, other: RecordLocation): number {
  if (one.topic !== other.topic) return one.topic < other.topic ? -1 : 1;
  return one.partition - other.partition || one.offset - other.offset;
}
