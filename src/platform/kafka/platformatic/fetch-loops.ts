import { EventEmitter, once } from 'node:events';
import { backoffDelay } from '../../tools/backoff.js';
import { causesOf } from '../../tools/connection-failure.js';
import { whyUnreadable } from '../errors.js';
import type { Assignment } from '../lag.js';
import type { BatchHandler, MemberOptions, Offsets } from '../record-client.js';
import type { Metadata } from './library.js';
import { endOf, messagesOf } from './messages.js';
import { CONTINUOUSLY, type Fetched, leaderOf, OutOfRange, type Source } from './source.js';

/** Interval at which a broker that leads none of the partitions is looked at again. */
const IDLE_MS = 250;

/** A partition that is being consumed. */
interface Position {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the next record. */
  next: number;
  /** Counts the seeks: what was fetched before one is dropped. */
  seeks: number;
  isPaused: boolean;
}

/** What the loops need besides. */
export interface LoopOptions {
  readonly source: Source;
  readonly member: MemberOptions;
  readonly handle: BatchHandler;
  readonly commit: (offsets: Offsets) => Promise<void>;
}

/**
 * Fetches the partitions of one assignment and hands them over, in a loop for each broker: one that does not answer does
 * not delay the others. A loop fetches again when the handlers of what it fetched are done.
 */
export class FetchLoops {
  private readonly positions = new Map<string, Position>();
  private readonly loops = new Set<number>();
  private readonly handling = new Set<Promise<void>>();
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private readonly ended = new AbortController();

  constructor(
    assigned: Assignment,
    private readonly options: LoopOptions,
  ) {
    for (const [topic, partitions] of assigned) {
      for (const partition of partitions) {
        const position = { topic, partition, next: 0, seeks: 0, isPaused: false };
        this.positions.set(nameOf(position), position);
      }
    }
  }

  /** Begins to fetch. @param committed returns by `topic/partition` where those begin that were not sought */
  async run(committed: () => Promise<ReadonlyMap<string, number>>): Promise<void> {
    try {
      const offsets = await committed();
      for (const [name, position] of this.positions) {
        if (position.seeks === 0) position.next = offsets.get(name) ?? 0;
      }
      this.startLoops(await this.options.source.metadata());
    } catch (error) {
      this.crash(error);
    }
  }

  seek(topic: string, partition: number, offset: number): void {
    const position = this.positions.get(nameOf({ topic, partition }));
    if (!position) return;
    position.next = offset;
    position.seeks += 1;
    this.changes.emit('change');
  }

  /** Ends the loops. Handlers that run are told at their next heartbeat. */
  stop(): void {
    if (this.isOver()) return;
    this.ended.abort();
    this.changes.emit('change');
    void this.options.source.close().catch(() => undefined);
  }

  /** Resolves when no handler runs any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.handling]);
  }

  private isOver(): boolean {
    return this.ended.signal.aborted;
  }

  private startLoops({ brokers }: Metadata): void {
    for (const node of brokers.keys()) {
      if (this.loops.has(node)) continue;
      this.loops.add(node);
      void this.loop(node);
    }
  }

  private async loop(node: number): Promise<void> {
    const { source, member } = this.options;
    for (let failures = 0; !this.isOver();) {
      try {
        await this.turn(node);
        failures = 0;
      } catch (error) {
        failures += 1;
        if (this.isOver()) return;
        if (isFinal(error) || failures > member.retries) {
          this.crash(error);
          return;
        }
        await this.pause(backoffDelay(failures));
        if (!this.isOver()) await source.metadata(true).catch(() => undefined);
      }
    }
  }

  private async turn(node: number): Promise<void> {
    const { source, member } = this.options;
    const metadata = await source.metadata();
    if (this.isOver()) return;
    this.startLoops(metadata);
    const wanted = [...this.positions.values()].filter((each) => !each.isPaused && leaderOf(metadata, each) === node);
    if (wanted.length === 0) {
      await this.pause(IDLE_MS);
      return;
    }
    const sought = new Map(wanted.map((each) => [nameOf(each), each.seeks]));
    const limits = { ...CONTINUOUSLY, maxWaitMs: member.maxWaitMs };
    try {
      const places = wanted.map(({ topic, partition, next }) => ({ topic, partition, next }));
      const fetched = await source.fetch(node, places, limits, metadata);
      if (this.isOver()) return;
      member.on.fetch?.();
      member.on.heartbeat?.();
      await this.handleAll(fetched, sought);
    } catch (error) {
      if (!(error instanceof OutOfRange)) throw error;
      for (const place of error.places) {
        const oldest = await source.oldest(place);
        const position = this.positions.get(nameOf(place)) as Position;
        if (position.seeks === sought.get(nameOf(place))) position.next = oldest;
      }
    }
  }

  /** Handles some partitions at the same time, and the others after them. */
  private async handleAll(fetched: readonly Fetched[], sought: ReadonlyMap<string, number>): Promise<void> {
    const waiting = [...fetched];
    const workers = Array.from({ length: this.options.member.concurrency }, async () => {
      for (let each = waiting.shift(); each; each = waiting.shift()) {
        const handling = this.handleOne(each, sought.get(nameOf(each)) as number);
        this.handling.add(handling);
        await handling.finally(() => this.handling.delete(handling));
      }
    });
    await Promise.all(workers);
  }

  private async handleOne({ fetched, next, ...place }: Fetched, seeks: number): Promise<void> {
    const { topic, partition } = place;
    const { member, handle, commit } = this.options;
    const position = this.positions.get(nameOf(place)) as Position;
    const isStale = () => this.isOver() || position.seeks !== seeks;
    const end = endOf(fetched) ?? next;
    if (isStale() || position.isPaused || end <= next) return;
    const messages = messagesOf(fetched, next);
    const last = messages.at(-1);
    if (!last) {
      member.on.emptyBatch?.(topic, partition, next, end - 1);
      position.next = end;
      return;
    }
    let resolved = member.commits ? undefined : last.offset;
    try {
      await handle({
        batch: {
          ...{ topic, partition, messages },
          firstOffset: () => String(next),
          lastOffset: () => String(end - 1),
          offsetLag: () => String(Math.max(0, Number(fetched.highWatermark) - end)),
        },
        heartbeat: () =>
          this.isOver() ? Promise.reject(new Error(`${topic} is being reassigned`)) : Promise.resolve(),
        resolveOffset: (offset) => (resolved = offset),
        commitOffsetsIfNecessary: commit,
        isRunning: () => !this.isOver(),
        isStale,
        pause: () => {
          position.isPaused = true;
          return () => {
            position.isPaused = false;
            this.changes.emit('change');
          };
        },
      });
    } catch (error) {
      this.crash(error);
      return;
    }
    if (isStale() || resolved === undefined) return;
    position.next = resolved === last.offset ? end : Number(resolved) + 1;
  }

  /** Waits for a change, at most as long as this. */
  private async pause(milliseconds: number): Promise<void> {
    if (this.isOver()) return;
    await once(this.changes, 'change', { signal: AbortSignal.timeout(Math.ceil(milliseconds)) }).catch(() => undefined);
  }

  /** Does nothing once the loops are over: what fails then fails because of that. */
  private crash(error: unknown): void {
    if (this.isOver()) return;
    this.stop();
    this.options.member.on.crash(error instanceof Error ? error : new Error(String(error)), false);
  }
}

/** True if a retry would fail, too: the batch cannot be read, or the topic was deleted. */
function isFinal(error: unknown): boolean {
  if (whyUnreadable(error) !== undefined) return true;
  return causesOf(error).some(
    ({ apiId, message }) => /^UNKNOWN_TOPIC/.test(String(apiId)) || message.startsWith('Unknown topic'),
  );
}

function nameOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}
