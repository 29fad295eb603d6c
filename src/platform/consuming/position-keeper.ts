import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { RunningConsumer, LoggedRecord, RecordHandler } from '../log/bus.js';
import { fingerprintOf, partitionName, type Position, type Positions } from './positions.js';

/** Milliseconds between two writes of the positions that moved. */
const SAVE_INTERVAL_MS = 1_000;

/** Why the records of a partition are read again. */
export type Finding =
  /** The database knows fewer records than this process has applied: it was restored. */
  | 'database-restored'
  /** The log ends before what was read from it, or has another record there: it was restored, truncated or made anew. */
  | 'log-replaced';

interface Partition {
  /** As the database has it, as far as this process knows. */
  stored?: Position | undefined;
  /** What this process has applied, once it has applied something. */
  applied?: Position | undefined;
  /** Until its record has been seen again in the log. */
  unconfirmed?: Position | undefined;
  /** Its position is the evidence that the log lacks records, and is not overwritten. */
  isEvidence?: boolean;
  /** It is read from the beginning of another log, so what is stored is void. */
  isVoid?: boolean;
}

/** What a keeper is for. */
export interface Keeping {
  readonly group: string;
  readonly positions: Positions;
  /** Topics that the context itself publishes: what their log lacks, only an operator can put back. */
  readonly ownTopics: ReadonlySet<string>;
  readonly logger: Logger;
  readonly onFinding: (finding: Finding, topic: string) => void;
}

/**
 * Keeps the positions of one consumer group in its context's database, a moment after what the records led to, and starts
 * each partition there. So a database that was restored gets again what it lacks, and a log that was restored is read from
 * its beginning; records that come again change nothing.
 */
export class PositionKeeper {
  private readonly partitions = new Map<string, Partition>();
  private consumption: Pick<RunningConsumer, 'restart'> | undefined;
  private saving: Promise<void> = Promise.resolve();

  constructor(private readonly keeping: Keeping) {}

  /** Where a partition that was assigned to this process starts: one record early, to see whether it is the same one. */
  async startAt(topic: string, partition: number): Promise<number> {
    const stored = await this.storedOf(topic, partition);
    this.partitions.set(partitionName({ topic, partition }), { stored, unconfirmed: stored });
    return Math.max(0, (stored?.next ?? 0) - 1);
  }

  /** The consumption whose partitions are restarted where that is needed. */
  attach(consumption: Pick<RunningConsumer, 'restart'>): void {
    this.consumption = consumption;
  }

  /** Wraps a handler so that its progress is kept. */
  watch(handler: RecordHandler): RecordHandler {
    return async (records, lease) => {
      const [first, last] = [records[0] as LoggedRecord, records.at(-1) as LoggedRecord];
      const partition = this.partitionOf(first);
      const { unconfirmed } = partition;
      partition.unconfirmed = undefined;
      if (unconfirmed && !isSameLog(unconfirmed, first)) {
        this.logReplaced(first, partition);
        // What was read before it may be missing, too.
        if (first.offset > 0) return;
      }
      try {
        await handler(records, lease);
      } catch (error) {
        partition.unconfirmed = unconfirmed;
        throw error;
      }
      const { topic, partition: number, offset } = last;
      partition.applied = { topic, partition: number, next: offset + 1, last: fingerprintOf(last) };
    };
  }

  /** Saves regularly until it is told to stop, and once more then. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(SAVE_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      await this.save();
    }
  }

  /** Saves what has moved since the last time. Never throws: what is not saved is read again after the next start. */
  save(): Promise<void> {
    const { group, logger } = this.keeping;
    this.saving = this.saving
      .then(() => this.saveMoved())
      .catch((error: unknown) => logger.warn({ err: error, group }, 'cannot save the positions of consumers yet'));
    return this.saving;
  }

  /**
   * The positions of a topic as the database has them, compared with what this process knew.
   * @throws PlatformError `unavailable`
   */
  async look(topic: string): Promise<readonly Position[]> {
    const stored = (await this.keeping.positions.of(this.keeping.group)).filter((each) => each.topic === topic);
    const byName = new Map(stored.map((position) => [partitionName(position), position]));
    for (const position of stored) if (!this.partitions.has(partitionName(position))) this.partitionOf(position);
    for (const [name, partition] of this.partitions) {
      if (name.startsWith(`${topic}/`)) this.compare(name, partition, byName.get(name));
    }
    return stored;
  }

  /** Takes a partition whose log ends before what was read from it from its beginning. */
  restartShortened({ topic, partition }: Position): void {
    this.logReplaced({ topic, partition }, this.partitionOf({ topic, partition }));
  }

  /** The partitions of a topic whose log lacks records that were read from it. */
  evidenceOf(topic: string): number {
    return [...this.partitions].filter(([name, { isEvidence }]) => name.startsWith(`${topic}/`) && isEvidence).length;
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

  /** Another member may have moved it on; nobody moves it back but whoever restored the database. */
  private compare(name: string, partition: Partition, stored: Position | undefined): void {
    const before = partition.stored;
    partition.stored = stored;
    if (!before || (stored && stored.next >= before.next)) return;
    const wasVoid = !stored && partition.isEvidence === true;
    partition.isEvidence = false;
    // An operator who has put back into the log what it lacked declares the positions void.
    if (wasVoid) return;
    const { topic, partition: number } = before;
    this.keeping.logger.warn(
      { group: this.keeping.group, partition: name, from: stored?.next ?? 0, known: before.next },
      'the database knows fewer records than were applied, as after a restore: applying them again',
    );
    partition.applied = undefined;
    partition.unconfirmed = stored;
    this.consumption?.restart(topic, number, Math.max(0, (stored?.next ?? 0) - 1));
    this.keeping.onFinding('database-restored', topic);
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
    this.consumption?.restart(topic, where.partition, 0);
    this.keeping.onFinding('log-replaced', topic);
  }

  private partitionOf({ topic, partition }: Pick<Position, 'topic' | 'partition'>): Partition {
    const name = partitionName({ topic, partition });
    const known = this.partitions.get(name);
    if (known) return known;
    const created: Partition = {};
    this.partitions.set(name, created);
    return created;
  }

  private async storedOf(topic: string, partition: number): Promise<Position | undefined> {
    const all = await this.keeping.positions.of(this.keeping.group);
    return all.find((each) => each.topic === topic && each.partition === partition);
  }
}

/** A member that has lost the partition to another one must not move it back. */
function hasMoved({ stored, applied, isEvidence, isVoid }: Partition): boolean {
  if (!applied || isEvidence === true) return false;
  return isVoid === true || applied.next > (stored?.next ?? 0);
}

/** Whether a partition that was read up to a position continues, from the record before it on, as the same log. */
function isSameLog({ next, last }: Position, first: LoggedRecord): boolean {
  if (first.offset === next - 1) return fingerprintOf(first) === last;
  return first.offset > next - 1;
}
