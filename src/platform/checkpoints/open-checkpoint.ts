import { createHash } from 'node:crypto';
import type { Bus, LoggedRecord } from '../log/bus.js';
import { isSameLog, partitionName, type Position } from '../log/position.js';
import type { KeyRing } from '../privacy/key-ring.js';
import type { Link } from '../rebuilding/links.js';
import type { ObservedEvent } from '../rebuilding/observed-event.js';
import { after } from '../rebuilding/shares.js';
import type { Known } from '../rebuilding/verify.js';
import { PlatformError } from '../tools/errors.js';
import { type Checkpoint, type Checkpoints, parseCheckpoint, type SignedCheckpoint } from './checkpoint.js';
import { decodeHeads, type Heads } from './heads.js';

/** Where a checkpoint is needed. */
export interface Place {
  /** Name of the context. */
  readonly context: string;
  readonly bus: Pick<Bus, 'extents' | 'firstRecord'>;
  /** The topics that are going to be read. */
  readonly topics: readonly string[];
  /** Empty; receives the newest events as of the checkpoint. */
  readonly heads: Heads;
}

/** A checkpoint that holds for the log as it is now. */
export interface OpenedCheckpoint extends Known {
  readonly checkpoint: Checkpoint;
}

/**
 * Opens the newest checkpoint.
 * @throws PlatformError `rejected` with the reason why there is none that can be used, `unavailable`
 */
export async function openCheckpoint(
  checkpoints: Checkpoints,
  ring: Pick<KeyRing, 'isSigned'>,
  { context, bus, topics, heads }: Place,
): Promise<OpenedCheckpoint> {
  const stored = await checkpoints.newest();
  if (!stored) throw unusable('there is none yet, which verify keeps when it finds nothing wrong');
  if (!ring.isSigned(stored.text, stored.signature)) {
    throw unusable('it was altered, or the master key that has signed it is not there');
  }
  const checkpoint = parseCheckpoint(stored.text);
  if (!checkpoint) throw unusable('it is of a later version');
  if (checkpoint.context !== context) throw unusable(`it is of ${checkpoint.context}`);
  const added = topics.find((topic) => !checkpoint.topics.includes(topic));
  if (added !== undefined) throw unusable(`${added} was not read then`);
  for (const topic of topics) await expectSameLog(bus, topic, checkpoint.positions);
  await readHeads(checkpoints, stored, checkpoint, heads);
  const startAt = after(checkpoint.positions);
  return { checkpoint, startAt, passOver: (events) => repeatedOf(heads, events) };
}

function unusable(reason: string): PlatformError {
  return new PlatformError(
    'rejected',
    'no-checkpoint',
    `the checkpoint cannot be used: ${reason}; run the command without --since-checkpoint`,
  );
}

/** @throws PlatformError `rejected` unless the partitions have the records that they had */
async function expectSameLog(bus: Place['bus'], topic: string, all: readonly Position[]): Promise<void> {
  const positions = all.filter((position) => position.topic === topic);
  // It was not there yet, or empty.
  if (positions.every(({ next }) => next === 0)) return;
  const partitions = (await bus.extents(topic)).filter(({ isFormer }) => !isFormer);
  const hasPosition = new Set(positions.map(({ partition }) => partition));
  if (partitions.length !== positions.length || partitions.some(({ partition }) => !hasPosition.has(partition))) {
    throw unusable(`the partitions of ${topic} are not those that were read then`);
  }
  for (const position of positions) {
    if (position.next === 0) continue;
    const first = await bus.firstRecord(topic, position.partition, position.next - 1);
    if (first && isSameLog(position, first)) continue;
    throw unusable(`${partitionName(position)} does not have the records that were read then`);
  }
}

/** @throws PlatformError `rejected` unless all of them are there, unaltered */
async function readHeads(
  checkpoints: Checkpoints,
  { id }: SignedCheckpoint,
  { aggregates, digest }: Checkpoint,
  heads: Heads,
): Promise<void> {
  const read = createHash('sha256');
  let count = 0;
  for await (const chunk of checkpoints.chunks(id)) {
    read.update(chunk);
    const some = decoded(chunk);
    await heads.add(some);
    count += some.length;
  }
  if (count !== aggregates || read.digest('hex') !== digest) throw unusable('a part of it was altered or is missing');
}

function decoded(chunk: Uint8Array): readonly Link[] {
  try {
    return decodeHeads(chunk);
  } catch {
    throw unusable('a part of it was altered or is missing');
  }
}

/** Returns the records whose events are not newer than their aggregates as of the checkpoint. */
async function repeatedOf(heads: Heads, events: readonly ObservedEvent[]): Promise<ReadonlySet<LoggedRecord>> {
  const repeated = new Set<LoggedRecord>();
  for (const topic of new Set(events.map(({ record }) => record.topic))) {
    const own = events.filter(({ record }) => record.topic === topic);
    const found = await heads.find(
      topic,
      own.map(({ event }) => event.subject),
    );
    for (const [index, { event, record }] of own.entries()) {
      if (Number(event.sequence) <= (found[index]?.version ?? 0)) repeated.add(record);
    }
  }
  return repeated;
}
