import type { Bus, LoggedRecord } from '../log/bus.js';
import { originOf } from '../log/origins.js';
import { fingerprintOf, partitionName, type Position, UNREAD } from '../log/position.js';
import { readToEnd } from '../log/read-to-end.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { tryParse } from '../event/parse-cloud-event.js';
import { type DeadLetterRecord, type EventSummary, locationName } from './dead-letter.js';
import type { DeadLetter } from './dead-letters.js';
import type { Subscription } from './subscription.js';

/** The dead letters to look at, and what is known of their consumer group. */
export interface HealedSearch {
  readonly deadLetters: readonly DeadLetter[];
  /** All dead letters of the group: these records were not applied. Read after the positions. */
  readonly all: readonly DeadLetter[];
  /** The positions that the group's own database has. */
  readonly positions: readonly Position[];
}

/** A partition that has dead letters which may be healed. */
interface Searched {
  readonly position: Position;
  /** By key of the record. */
  readonly byKey: ReadonlyMap<string, readonly DeadLetter[]>;
  readonly from: number;
  readonly healed: Set<string>;
  /** The record before the position is the one that the group has consumed: it is still the same log. */
  isSameLog: boolean;
}

/**
 * Returns the ids of pending dead letters that a newer event has healed: nothing is missing because they were not
 * applied. That is so if the log has an event of the same aggregate
 * - in the same partition and with the same key, after the record,
 * - with the same or a newer version, if the record is an event,
 * - that the group has applied: before its position, not a dead letter itself, and no copy of a former generation,
 *   which may be the copy of a dead letter, and
 * - that makes up for the record, as {@link Subscription.replaces} says.
 *
 * Reads the topic from the oldest of these records on.
 * @throws PlatformError `unavailable`
 */
export async function findHealed(
  bus: Bus,
  subscription: Subscription,
  { deadLetters, all, positions }: HealedSearch,
): Promise<ReadonlySet<string>> {
  const partitions = partitionsOf(subscription, deadLetters, positions);
  if (partitions.size === 0) return new Set();
  const notApplied = new Set(all.flatMap(({ id, unapplied }) => (unapplied.length > 0 ? [id] : [])));
  const look = (record: LoggedRecord) => {
    const searched = partitions.get(partitionName(record));
    if (!searched || record.offset >= searched.position.next) return;
    if (record.offset === searched.position.next - 1) searched.isSameLog ||= isLast(searched.position, record);
    const letters = record.key && searched.byKey.get(record.key.toString('latin1'));
    if (!letters || notApplied.has(locationName(record)) || originOf(record)) return;
    const later = tryParse(record);
    if (later?.subject !== String(record.key)) return;
    for (const { id, latest } of letters)
      if (isAfter(record, latest) && makesUpFor(subscription, latest.event, later)) searched.healed.add(id);
  };
  await readToEnd(
    bus,
    [subscription.topic],
    (records) => {
      for (const record of records) look(record);
      return Promise.resolve();
    },
    { startAt: (topic, partition) => partitions.get(partitionName({ topic, partition }))?.from ?? Infinity },
  );
  return new Set([...partitions.values()].flatMap(({ healed, isSameLog }) => (isSameLog ? [...healed] : [])));
}

/** Returns the partitions to read, by name. */
function partitionsOf(
  { topic, replaces }: Subscription,
  deadLetters: readonly DeadLetter[],
  positions: readonly Position[],
): ReadonlyMap<string, Searched> {
  const partitions = new Map<string, Searched>();
  if (!replaces) return partitions;
  for (const position of positions.filter((each) => each.topic === topic)) {
    const byKey = new Map<string, DeadLetter[]>();
    let from = Infinity;
    for (const deadLetter of deadLetters) {
      const { origin, key, isOmitted } = deadLetter.latest;
      // Of an omitted value, nobody knows which version it states.
      const isCandidate = deadLetter.state === 'pending' && origin && key && !isOmitted;
      if (!isCandidate || partitionName(origin) !== partitionName(position)) continue;
      const name = key.toString('latin1');
      const known = byKey.get(name);
      if (known) known.push(deadLetter);
      else byKey.set(name, [deadLetter]);
      from = Math.min(from, origin.offset + 1);
    }
    const isSameLog = position.last === UNREAD;
    if (from < position.next)
      partitions.set(partitionName(position), { position, byKey, from, healed: new Set(), isSameLog });
  }
  return partitions;
}

function isAfter({ offset }: LoggedRecord, { origin }: DeadLetterRecord): boolean {
  return origin !== undefined && offset > origin.offset;
}

function makesUpFor({ replaces }: Subscription, lost: EventSummary | undefined, later: CloudEvent): boolean {
  const isNewer = !lost || (lost.subject === later.subject && lost.version <= Number(later.sequence));
  return isNewer && replaces?.(lost?.type || undefined, later) === true;
}

function isLast(position: Position, record: LoggedRecord): boolean {
  return fingerprintOf(record) === position.last;
}
