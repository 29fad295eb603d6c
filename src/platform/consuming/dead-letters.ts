import type { Bus, LoggedRecord } from '../log/bus.js';
import {
  type Consumed,
  deadLetterTopic,
  type Letter,
  type RecordLocation,
  locationName,
  placeOfReceipt,
  receiptTopic,
  toLetter,
  toOriginalRecord,
} from './dead-letter.js';

/** A record that was given up, once, however many letters there are of it. */
export interface DeadLetter {
  /** Names where the record was: `topic/partition/offset`. */
  readonly id: string;
  /** The newest letter of it. */
  readonly letter: Letter;
  /** Letters of it that have no receipt. */
  readonly waiting: readonly RecordLocation[];
}

/** All dead letters of a consumer group, as they stand, in the order in which the records are in the log. */
export async function readDeadLetters(bus: Bus, consumed: Consumed): Promise<readonly DeadLetter[]> {
  const topic = deadLetterTopic(consumed);
  // By place: a reading may hand the same record over twice.
  const letters = new Map<string, Letter>();
  const redriven = new Set<string>();
  await readWhole(bus, [topic, receiptTopic(consumed)], (record) => {
    if (record.topic === topic) letters.set(locationName(record), toLetter(record));
    else addReceipt(redriven, record, topic);
  });
  return foldLetters([...letters.values()], redriven);
}

/** The places in the dead-letter topic that have a receipt, by name. */
export async function readReceipts(bus: Bus, consumed: Consumed): Promise<ReadonlySet<string>> {
  const redriven = new Set<string>();
  await readWhole(bus, [receiptTopic(consumed)], (record) => addReceipt(redriven, record, deadLetterTopic(consumed)));
  return redriven;
}

/** What the letters of a topic come to. */
export function foldLetters(letters: readonly Letter[], redriven: ReadonlySet<string>): DeadLetter[] {
  const byId = new Map<string, DeadLetter>();
  const oldestFirst = [...letters].sort((one, other) => compare(one.location, other.location));
  for (const letter of oldestFirst) {
    const id = locationName(letter.origin ?? letter.location);
    const waiting = redriven.has(locationName(letter.location)) ? [] : [letter.location];
    byId.set(id, { id, letter, waiting: [...(byId.get(id)?.waiting ?? []), ...waiting] });
  }
  return [...byId.values()].sort((one, other) => compare(recordOf(one), recordOf(other)));
}

/**
 * The records of dead letters as they were and where they were, by id. One whose value was left out of the letter is
 * fetched from there; one that is not in the log any more is missing.
 */
export async function readOriginals(
  bus: Bus,
  deadLetters: readonly DeadLetter[],
): Promise<ReadonlyMap<string, LoggedRecord>> {
  const wanted = new Map(deadLetters.map((deadLetter) => [locationName(contentOf(deadLetter)), deadLetter]));
  const topics = new Set(deadLetters.map((deadLetter) => contentOf(deadLetter).topic));
  const originals = new Map<string, LoggedRecord>();
  await readWhole(bus, [...topics], (record) => {
    const found = wanted.get(locationName(record));
    if (found) originals.set(found.id, toOriginalRecord(record, recordOf(found)));
  });
  return originals;
}

async function readWhole(bus: Bus, topics: readonly string[], take: (record: LoggedRecord) => void): Promise<void> {
  const reading = await bus.read(topics, (records) => {
    for (const record of records) take(record);
    return Promise.resolve();
  });
  try {
    await reading.caughtUp();
  } finally {
    await reading.stop();
  }
}

function recordOf({ letter: { origin, location } }: DeadLetter): RecordLocation {
  return origin ?? location;
}

function contentOf({ letter: { origin, location, isOmitted } }: DeadLetter): RecordLocation {
  return isOmitted && origin ? origin : location;
}

function addReceipt(redriven: Set<string>, record: LoggedRecord, topic: string): void {
  const location = placeOfReceipt(record, topic);
  if (location) redriven.add(locationName(location));
}

function compare(one: RecordLocation, other: RecordLocation): number {
  if (one.topic !== other.topic) return one.topic < other.topic ? -1 : 1;
  return one.partition - other.partition || one.offset - other.offset;
}
