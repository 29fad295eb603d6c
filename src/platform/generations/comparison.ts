import type { LoggedRecord, LogReader } from '../log/bus.js';
import { PlatformError } from '../tools/errors.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { Begins, CopyOptions } from './copier.js';
import { type Origin, originOf } from '../log/origins.js';
import type { CopyIndex } from './copy-index.js';
import { tryParse } from '../event/parse-cloud-event.js';
import { leafOf } from './event-leaf.js';
import { MerkleTree } from './merkle-tree.js';

/** The records of a generation up to the cut, or after it. */
export interface Part {
  /** Number of records. */
  readonly records: number;
  /** Number of different events among them: an event may have been published twice. */
  readonly events: number;
  /** Root of a Merkle tree (RFC 6962, SHA-256) over them, sorted by aggregate and version. */
  readonly root: string;
}

/** `body`: before the cut. `tail`: after it. */
export type PartName = 'body' | 'tail';
type Side = 'from' | 'to';

/** Where each generation is cut, by partition. */
export interface Cuts {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/**
 * Reads both generations from Kafka again and compares them. The records up to a cut are compared while events are
 * published; only those after it are left for the switch.
 */
export class Comparison {
  private readonly counts = new Map<string, number>();
  /** By partition, of the new generation: number of records. */
  private readonly perPartition = { from: new Map<number, number>(), to: new Map<number, number>() };
  /** By partition of both: offset of the last copied record. */
  private readonly newest = new Map<string, number>();
  private readonly readers: LogReader[] = [];
  /** Records of the new generation that a process published there although it is not active. */
  readonly published: LoggedRecord[] = [];

  constructor(
    private readonly options: CopyOptions,
    private readonly index: CopyIndex,
    private readonly cuts: Cuts,
    private readonly begins: Begins = {},
  ) {}

  /** Reads what is in both generations, and follows them. */
  async start(): Promise<void> {
    const { store, from, to } = this.options;
    const begins = { from: new Map(this.begins.from?.entries()), to: new Map(this.begins.to?.entries()) };
    this.readers.push(await store.follow(from, (records) => this.take('from', records), begins.from));
    this.readers.push(await store.follow(to, (records) => this.take('to', records), begins.to));
    await this.caughtUp();
  }

  get progress(): LogReader['progress'] {
    const all = this.readers.map(({ progress }) => progress);
    return all.reduce((sum, { read, total }) => ({ read: sum.read + read, total: sum.total + total }), {
      read: 0,
      total: 0,
    });
  }

  /** Resolves when it has read everything that both generations have at the time of the call. */
  async caughtUp(): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.caughtUp()));
  }

  /** @throws PlatformError `generations-differ` */
  async compare(part: PartName): Promise<Part> {
    const [foreign] = this.published;
    if (foreign) throw differing(`${placeOf(foreign)} was published by a process that has not noticed a switch`);
    const [from, to] = [await this.partOf('from', part), await this.partOf('to', part)];
    if (from.records === to.records && from.root === to.root) return from;
    const numbers = `${from.records} records (${from.events} events) and ${to.records} (${to.events})`;
    throw differing(`the ${part} of both generations differs: ${numbers}`);
  }

  /** Number of compared records, by partition. */
  recordsOf(side: Side): readonly number[] {
    const { partitions } = this.options[side];
    return Array.from({ length: partitions }, (_, each) => this.perPartition[side].get(each) ?? 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.stop()));
  }

  private async partOf(side: Side, part: PartName): Promise<Part> {
    const tree = new MerkleTree();
    for await (const hash of this.index.leaves(`${side}-${part}`)) tree.add(hash);
    return { records: this.counts.get(`${side}-${part}`) ?? 0, events: tree.count, root: tree.root() };
  }

  private async take(side: Side, records: readonly LoggedRecord[]): Promise<void> {
    const { from, to, transform } = this.options;
    const { partition } = records[0] as LoggedRecord;
    const cut = this.cuts[side][partition] ?? 0;
    const isCompared = ({ generation }: Partial<Origin> = {}) =>
      side === 'to' ? generation === from.generation : generation !== to.generation;
    const own = records.filter((record) => isCompared(originOf(record)));
    if (side === 'to') {
      this.published.push(...records.filter((record) => !own.includes(record)));
      this.expectInOrder(own);
      await this.expectRight(own);
    }
    const leaves = own.map((record) => leafOf(record, transform));
    for (const name of ['body', 'tail'] as const) {
      const inPart = leaves.filter((_, index) => (own[index] as LoggedRecord).offset < cut === (name === 'body'));
      await this.index.addLeaves(`${side}-${name}`, inPart);
      this.counts.set(`${side}-${name}`, (this.counts.get(`${side}-${name}`) ?? 0) + inPart.length);
    }
    const counts = this.perPartition[side];
    counts.set(partition, (counts.get(partition) ?? 0) + own.length);
  }

  /** What was changed on the way must still be what was published. @throws PlatformError `generations-differ` */
  private async expectRight(copies: readonly LoggedRecord[]): Promise<void> {
    const { transform } = this.options;
    if (!transform) return;
    const events = new Map<CloudEvent, LoggedRecord>();
    for (const record of copies) {
      const event = tryParse(record);
      if (event) events.set(event, record);
    }
    const [wrong] = await transform.findWrong([...events.keys()]);
    if (wrong) throw differing(`${placeOf(events.get(wrong) as LoggedRecord)} is not what was published`);
  }

  /**
   * Each partition must have the copies from each former partition in their order: then every aggregate's events keep
   * theirs. @throws PlatformError `generations-differ`
   */
  private expectInOrder(copies: readonly LoggedRecord[]): void {
    for (const record of copies) {
      const origin = originOf(record) as Origin;
      const pair = `${origin.partition}/${record.partition}`;
      const before = this.newest.get(pair) ?? -1;
      if (origin.offset <= before) throw differing(`${placeOf(record)} copies an earlier record than its predecessor`);
      this.newest.set(pair, origin.offset);
    }
  }
}

function placeOf({ topic, partition, offset }: LoggedRecord): string {
  return `${topic}/${partition}/${offset}`;
}

function differing(message: string): PlatformError {
  return new PlatformError('conflict', 'generations-differ', message);
}
