import type { BusRecord, LoggedRecord, LogReader } from '../log/bus.js';
import type { Generation, GenerationStore } from '../log/generations.js';
import { originOf, withOrigin } from '../log/origins.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { originalHashes } from '../event/copied-event.js';
import { copyEvent, type EventCopy } from './copy-event.js';
import type { CopyIndex, HashInCopy } from './copy-index.js';
import { tryParse } from '../event/parse-cloud-event.js';
import type { EventTransform } from './event-transform.js';

/** The generations between which records are copied. */
export interface CopyOptions {
  readonly store: GenerationStore;
  readonly from: Generation;
  readonly to: Generation;
  /** Default: none. */
  readonly transform?: EventTransform | undefined;
}

/** By partition of each generation: an offset. All records before it are in both. */
export interface Begins {
  readonly from?: readonly number[] | undefined;
  readonly to?: readonly number[] | undefined;
}

/**
 * Copies the records of a generation to another one, in order, and follows it. It finds in the new generation what an
 * earlier run has copied, so it may be killed at any point.
 */
export class Copier {
  /** By partition: the offset after the last copied record. */
  private readonly copied = new Map<number, number>();
  private reader: LogReader | undefined;
  private readonly inFlight = new Set<Promise<void>>();
  private paused: Promise<unknown> = Promise.resolve();

  /** @param begins where the two generations begin to have different records (default: with the first) */
  constructor(
    private readonly options: CopyOptions,
    private readonly index: CopyIndex,
    private readonly begins: Begins = {},
  ) {}

  /** Starts to copy. Resolves once it knows what is copied already. */
  async start(): Promise<void> {
    const { store, from } = this.options;
    await this.readCopied();
    const next = await Promise.all(Array.from({ length: from.partitions }, (_, each) => this.index.nextOf(each)));
    for (const [partition, offset] of next.entries()) {
      this.copied.set(partition, Math.max(offset, this.begins.from?.[partition] ?? 0));
    }
    this.reader = await store.follow(from, (records) => this.copyUnlessPaused(records), new Map(this.copied));
  }

  /** Records copied or found copied since the start, and records in total. */
  get progress(): LogReader['progress'] {
    return this.reader?.progress ?? { read: 0, total: 0 };
  }

  /** By partition: the offset after the last copied record. */
  get ends(): readonly number[] {
    return Array.from({ length: this.options.from.partitions }, (_, each) => this.copied.get(each) ?? 0);
  }

  /** Resolves when every record that is in the generation at the time of the call is copied. */
  async caughtUp(): Promise<void> {
    await this.reader?.caughtUp();
  }

  /** Runs `work` while nothing is copied. */
  async whilePaused<T>(work: () => Promise<T>): Promise<T> {
    const working = Promise.allSettled(this.inFlight).then(work);
    this.paused = working.catch(() => undefined);
    return working;
  }

  async stop(): Promise<void> {
    await this.reader?.stop();
  }

  /** An older generation has the events as they were published. */
  private get isNewer(): boolean {
    return this.options.to.generation > this.options.from.generation;
  }

  /** Learns what is in the new generation. */
  private async readCopied(): Promise<void> {
    const { store, from, to } = this.options;
    const reader = await store.follow(
      to,
      async (records) => {
        const copied = records.flatMap((record) => originOf(record) ?? []);
        await this.index.addHashes(records.flatMap(hashesOf));
        await this.index.add(copied.filter(({ generation }) => generation === from.generation));
      },
      // The chain of a newer generation begins with its first record.
      new Map(this.isNewer ? [] : this.begins.to?.entries()),
    );
    try {
      await reader.caughtUp();
    } finally {
      await reader.stop();
    }
  }

  private async copyUnlessPaused(records: readonly LoggedRecord[]): Promise<void> {
    await this.paused;
    const copying = this.copy(records);
    this.inFlight.add(copying);
    await copying.finally(() => this.inFlight.delete(copying));
  }

  private async copy(records: readonly LoggedRecord[]): Promise<void> {
    const { store, from, to } = this.options;
    const { partition } = records[0] as LoggedRecord;
    const known = await this.index.copiedOf(
      partition,
      records.map(({ offset }) => offset),
    );
    const missing = records.filter(
      (record) => !known.has(record.offset) && originOf(record)?.generation !== to.generation,
    );
    const copies = this.isNewer ? await this.rechained(missing) : missing;
    const appended = missing.map(({ key, offset }, index): BusRecord => {
      const { value, headers } = copies[index] as EventCopy;
      return { key, value, headers: withOrigin(headers, { generation: from.generation, partition, offset }) };
    });
    if (appended.length > 0) await store.append(to, appended);
    await this.index.addHashes(appended.flatMap(hashesOf));
    await this.index.add(missing.map(({ offset }) => ({ partition, offset })));
    this.copied.set(partition, Math.max(this.copied.get(partition) ?? 0, (records.at(-1)?.offset ?? 0) + 1));
  }

  private async rechained(records: readonly LoggedRecord[]): Promise<readonly EventCopy[]> {
    const events = records.map(tryParse);
    const originals = events.flatMap((event) => (event ? Object.values(originalHashes(event)) : []));
    const hashes = new Map(await this.index.hashesOf(originals));
    const parsed = events.filter((event) => event !== undefined);
    const transformed = (await this.options.transform?.apply(parsed)) ?? parsed;
    const contents = new Map(parsed.map((event, index) => [event, transformed[index] as CloudEvent]));
    return records.map((record, index) => {
      const event = events[index];
      if (!event) return record;
      const copy = copyEvent(record, event, contents.get(event) as CloudEvent, (each) => hashes.get(each));
      const { original, hash } = copy;
      if (original !== undefined && hash !== undefined && !hashes.has(original)) hashes.set(original, hash);
      return copy;
    });
  }
}

function hashesOf(record: BusRecord): HashInCopy[] {
  const event = tryParse(record);
  const original = event && originalHashes(event).hash;
  return original !== undefined && event?.hash !== undefined ? [{ original, hash: event.hash }] : [];
}
