import { setTimeout as sleep } from 'node:timers/promises';
import type { MemberBatch } from './record-client.js';

/** A batch, and the offset up to which its records are handled. */
type Done = Pick<MemberBatch, 'commitOffsetsIfNecessary'> & {
  readonly batch: Pick<MemberBatch['batch'], 'topic' | 'partition'>;
  readonly next: number;
};

/** Milliseconds between two commits. A request for each of many small batches would cost as much as handling them. */
const INTERVAL_MS = 100;

/**
 * Commits offsets while the next records are fetched: the newest of each partition, now and then. Where the group
 * continues is in its database, with what it applied; the committed offsets tell others how far it is.
 */
export class Commits {
  /** By topic and partition. */
  private readonly waiting = new Map<string, Map<number, Done>>();
  private running: Promise<void> | undefined;
  private readonly hurrying = new AbortController();

  /** @param onFailure called when a commit is refused: a later one, of this member or another, makes up for it */
  constructor(
    private readonly onFailure: (error: unknown) => void,
    private readonly intervalMs = INTERVAL_MS,
  ) {}

  add(done: Done): void {
    const { topic, partition } = done.batch;
    const ofTopic = this.waiting.get(topic) ?? new Map<number, Done>();
    this.waiting.set(topic, ofTopic.set(partition, done));
    this.running ??= this.commitWaiting();
  }

  /** Forgets offsets that are not committed yet: their partitions may belong to other members now. */
  drop(): void {
    this.waiting.clear();
  }

  /** Commits at once from now on. Resolves when all offsets that were added are committed, or refused. */
  async settled(): Promise<void> {
    this.hurrying.abort();
    await this.running;
  }

  private async commitWaiting(): Promise<void> {
    // Partitions that were handled together share the request.
    await new Promise(setImmediate);
    while (this.waiting.size > 0) {
      const last = [...this.waiting.values()].flatMap((each) => [...each.values()]).at(-1) as Done;
      const topics = [...this.waiting].map(([topic, ofTopic]) => ({
        topic,
        partitions: [...ofTopic].map(([partition, { next }]) => ({ partition, offset: String(next) })),
      }));
      this.waiting.clear();
      await last.commitOffsetsIfNecessary({ topics }).catch(this.onFailure);
      await sleep(this.intervalMs, undefined, { signal: this.hurrying.signal }).catch(() => undefined);
    }
    this.running = undefined;
  }
}
