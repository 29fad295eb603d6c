import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Continuation, LoggedRecord, PartitionEnd, RecordHandler, RunningConsumer } from '../log/bus.js';
import { fingerprintOf, isSameLog, partitionName, type Position, UNREAD } from '../log/position.js';
import { loggable } from '../tools/programming-error.js';
import type { Positions } from './positions.js';
import type { EarlyHandler } from './store-later.js';

/** Milliseconds between two writes of the positions that moved. */
const SAVE_INTERVAL_MS = 1_000;

/** Why the records of a partition are consumed again. */
export type Restoration =
  /** The stored position is behind what this process has applied: the database was restored. */
  | 'database-restored'
  /** The log ends before the position, or has another record there: it was restored, truncated or recreated. */
  | 'log-replaced';

interface Partition {
  /** The stored position, as last seen by this process. */
  stored?: Position | undefined;
  /** The position up to which this process has applied records; undefined before the first one. */
  applied?: Position | undefined;
  /** The stored position until its record has been found in the log again. */
  unconfirmed?: Position | undefined;
  /** The stored position proves that the log lacks records, so it must not be overwritten. */
  isEvidence?: boolean;
  /** The partition is consumed from the beginning of a replaced log, so the stored position is void. */
  isVoid?: boolean;
  /** How often it was restarted. What was delivered before the last restart does not move its position any more. */
  restarts: number;
}

/** A delivery whose handler has returned. */
interface Delivered {
  readonly partition: Partition;
  readonly first: LoggedRecord;
  readonly applied: () => void;
}

/** Settings of a {@link PositionKeeper}. */
export interface PositionKeeperOptions {
  readonly group: string;
  readonly positions: Positions;
  /** Topics that the context itself publishes: only an operator can restore records that their log lacks. */
  readonly ownTopics: ReadonlySet<string>;
  readonly logger: Logger;
  readonly onRestoration: (finding: Restoration, topic: string) => void;
}

/**
 * Stores the positions of one consumer group in its context's database, shortly after the effects of the records, and
 * starts each partition from there. A restored database so receives again the records that it lacks, and a restored log
 * is consumed from its beginning. Records that are delivered again have no effect.
 */
export class PositionKeeper {
  private readonly partitions = new Map<string, Partition>();
  private consumption: Pick<RunningConsumer, 'restart'> | undefined;
  private saving: Promise<void> = Promise.resolve();
  /** What handlers that returned early are still storing. Never rejects. */
  private readonly storing = new Set<Promise<void>>();

  constructor(private readonly keeping: PositionKeeperOptions) {}

  /**
   * Returns the start offset of an assigned partition: one record early, to check that the log still has that record. If
   * the group has consumed the former generation, the partition starts after the copies.
   */
  async startAt(topic: string, partition: number, continues?: Continuation): Promise<number> {
    const stored = await this.storedOf(topic, partition);
    const [started, next] = [{ stored, unconfirmed: stored, restarts: 0 } as Partition, stored?.next ?? 0];
    this.partitions.set(partitionName({ topic, partition }), started);
    const isBehind = continues !== undefined && next < continues.at;
    if (!isBehind || !(await this.hasReached(topic, continues.after))) return Math.max(0, next - 1);
    // Stored, because perhaps nothing else will be published to this generation: the group has consumed it, too.
    Object.assign(started, { unconfirmed: undefined, applied: { topic, partition, next: continues.at, last: UNREAD } });
    return continues.at;
  }

  /**
   * Returns true if the group has consumed these partitions up to these offsets. Only the database counts: if it was
   * restored, it needs the records again.
   */
  async hasReached(topic: string, ends: readonly PartitionEnd[]): Promise<boolean> {
    await this.save();
    const stored = (await this.keeping.positions.of(this.keeping.group)).filter((each) => each.topic === topic);
    const next = new Map(stored.map((each) => [each.partition, each.next]));
    return ends.every(({ partition, end }) => (next.get(partition) ?? 0) >= end);
  }

  /** Sets the consumer whose partitions are restarted when necessary. */
  attach(consumption: Pick<RunningConsumer, 'restart'>): void {
    this.consumption = consumption;
  }

  /** Wraps a handler to record its progress: once the effect of the records is stored. */
  watch(handler: EarlyHandler): RecordHandler {
    return async (records, lease) => {
      const [first, last] = [records[0] as LoggedRecord, records.at(-1) as LoggedRecord];
      const partition = this.partitionOf(first);
      const { unconfirmed } = partition;
      partition.unconfirmed = undefined;
      const isSame = !unconfirmed || isSameLog(unconfirmed, first);
      if (!isSame) {
        this.logReplaced(first, partition);
        // Earlier records may be missing, too.
        if (first.offset > 0) return;
      }
      // It is only read again to check the log. A poisonous one would become a dead letter again at every start.
      const isReread = isSame && unconfirmed?.last !== UNREAD && first.offset === (unconfirmed?.next ?? 0) - 1;
      const unread = isReread ? records.slice(1) : records;
      const { topic, partition: number, offset } = last;
      const position: Position = { topic, partition: number, next: offset + 1, last: fingerprintOf(last) };
      const { restarts } = partition;
      const isCurrent = () => partition.restarts === restarts;
      const applied = () => {
        if (isCurrent()) partition.applied = position;
      };
      try {
        const later = unread.length > 0 ? await handler(unread, lease) : undefined;
        if (later) this.applyOnceStored(later.stored, { partition, first, applied });
        else applied();
      } catch (error) {
        if (isCurrent()) partition.unconfirmed = unconfirmed;
        throw error;
      }
    };
  }

  /** Saves periodically until `signal` is aborted, and once more then. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(SAVE_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      await this.save();
    }
  }

  /**
   * Saves positions that advanced since the last call. Never throws: unsaved records are consumed again after a
   * restart.
   */
  save(): Promise<void> {
    const { group, logger } = this.keeping;
    this.saving = Promise.all([this.saving, ...this.storing])
      .then(() => this.saveMoved())
      .catch((error: unknown) => logger.warn({ err: error, group }, 'cannot save the positions of consumers yet'));
    return this.saving;
  }

  /**
   * Returns the stored positions of a topic, after comparing them with those that this process last saw.
   * @throws PlatformError `unavailable`
   */
  async look(topic: string): Promise<readonly Position[]> {
    const known = new Map([...this.partitions].map(([name, partition]) => [name, partition.stored]));
    const stored = (await this.keeping.positions.of(this.keeping.group)).filter((each) => each.topic === topic);
    const byName = new Map(stored.map((position) => [partitionName(position), position]));
    for (const position of stored) if (!this.partitions.has(partitionName(position))) this.partitionOf(position);
    for (const [name, partition] of this.partitions) {
      // A save or another look may have been faster: what was read here is then older.
      const isUnchanged = partition.stored === known.get(name);
      if (name.startsWith(`${topic}/`) && isUnchanged) this.compare(name, partition, byName.get(name));
    }
    return stored;
  }

  /** Restarts a partition whose log ends before its position from the beginning. */
  restartShortened({ topic, partition }: Position): void {
    this.logReplaced({ topic, partition }, this.partitionOf({ topic, partition }));
  }

  /** Returns the number of the topic's partitions whose log lacks consumed records. */
  evidenceOf(topic: string): number {
    return [...this.partitions].filter(([name, { isEvidence }]) => name.startsWith(`${topic}/`) && isEvidence).length;
  }

  private applyOnceStored(stored: Promise<void>, { partition, first, applied }: Delivered): void {
    const storing = stored
      .then(applied, (error: unknown) => {
        const { topic, partition: number, offset } = first;
        this.keeping.logger.warn(
          { group: this.keeping.group, topic, partition: number, offset, ...loggable(error) },
          'storing failed; the records will be delivered again',
        );
        partition.restarts += 1;
        this.consumption?.restart(topic, number, offset);
      })
      .finally(() => this.storing.delete(storing));
    this.storing.add(storing);
  }

  private async saveMoved(): Promise<void> {
    const moved = [...this.partitions].filter(([, each]) => hasMoved(each));
    if (moved.length === 0) return;
    const advances = moved.map(([, { stored, applied }]) => ({ position: applied as Position, from: stored?.next }));
    const done = await this.keeping.positions.advance(this.keeping.group, advances);
    const isAllDone = done === moved.length;
    if (isAllDone) {
      for (const [index, [, each]] of moved.entries())
        Object.assign(each, { stored: advances[index]?.position, isVoid: false });
    } else
      await Promise.all([...new Set(advances.map(({ position }) => position.topic))].map((topic) => this.look(topic)));
  }

  /** Another member may have advanced the position. Only a restore of the database moves it back. */
  private compare(name: string, partition: Partition, stored: Position | undefined): void {
    const before = partition.stored;
    partition.stored = stored;
    if (!before || (stored && stored.next >= before.next)) return;
    const wasVoid = !stored && partition.isEvidence === true;
    partition.isEvidence = false;
    // `republish` drops the positions once it has restored the log's missing records.
    if (wasVoid) return;
    const { topic, partition: number } = before;
    this.keeping.logger.warn(
      { group: this.keeping.group, partition: name, from: stored?.next ?? 0, known: before.next },
      'the database knows fewer records than were applied, as after a restore: applying them again',
    );
    partition.applied = undefined;
    partition.restarts += 1;
    partition.unconfirmed = stored;
    this.consumption?.restart(topic, number, Math.max(0, (stored?.next ?? 0) - 1));
    this.keeping.onRestoration('database-restored', topic);
  }

  private logReplaced(where: Pick<Position, 'topic' | 'partition'>, partition: Partition): void {
    const { topic } = where;
    if (partition.isEvidence) return;
    this.keeping.logger.error(
      { group: this.keeping.group, topic, partition: where.partition, known: partition.stored?.next },
      'the log lacks records that were read from it, as after a restore: reading the partition from its beginning',
    );
    partition.isEvidence = this.keeping.ownTopics.has(topic);
    partition.isVoid = !partition.isEvidence;
    partition.unconfirmed = undefined;
    partition.applied = undefined;
    partition.restarts += 1;
    this.consumption?.restart(topic, where.partition, 0);
    this.keeping.onRestoration('log-replaced', topic);
  }

  private partitionOf({ topic, partition }: Pick<Position, 'topic' | 'partition'>): Partition {
    const name = partitionName({ topic, partition });
    const known = this.partitions.get(name);
    if (known) return known;
    const created: Partition = { restarts: 0 };
    this.partitions.set(name, created);
    return created;
  }

  private async storedOf(topic: string, partition: number): Promise<Position | undefined> {
    const all = await this.keeping.positions.of(this.keeping.group);
    return all.find((each) => each.topic === topic && each.partition === partition);
  }
}

/** A member that has lost the partition must not move its position back. */
function hasMoved({ stored, applied, isEvidence, isVoid }: Partition): boolean {
  if (!applied || isEvidence === true) return false;
  return isVoid === true || applied.next > (stored?.next ?? 0);
}
