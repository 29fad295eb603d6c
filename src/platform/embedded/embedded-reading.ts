import type { LoggedRecord, Reading, RecordHandler } from '../bus/bus.js';

/** What a reading needs of the log. */
interface Log {
  /** The offset after the last record, by partition. */
  ends(topic: string): Promise<readonly number[]>;
  /** Some of the records of a partition from an offset on; none when there are none yet. */
  records(topic: string, partition: number, offset: number): Promise<readonly LoggedRecord[]>;
}

/** A reading of the embedded log. It reads when it is asked whether it has caught up: nobody else writes meanwhile. */
export class EmbeddedReading implements Reading {
  private readonly done = new Map<string, number>();
  private total = 0;
  private stopped = false;
  private failure: { readonly error: unknown } | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly topics: readonly string[],
    private readonly handler: RecordHandler,
    private readonly log: Log,
  ) {}

  get progress() {
    return { read: [...this.done.values()].reduce((sum, offset) => sum + offset, 0), total: this.total };
  }

  caughtUp(): Promise<void> {
    const next = this.running.then(() => this.catchUp());
    this.running = next.catch(() => undefined);
    return next;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async catchUp(): Promise<void> {
    if (this.failure) throw this.failure.error;
    const ends = await Promise.all(this.topics.map((topic) => this.log.ends(topic)));
    this.total = ends.flat().reduce((sum, end) => sum + end, 0);
    try {
      for (const [index, topic] of this.topics.entries()) {
        for (const [partition, end] of (ends[index] ?? []).entries()) await this.readUpTo(topic, partition, end);
      }
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  private async readUpTo(topic: string, partition: number, end: number): Promise<void> {
    const name = `${topic}!${partition}`;
    for (let offset = this.done.get(name) ?? 0; offset < end && !this.stopped; offset = this.done.get(name) ?? end) {
      const records = await this.log.records(topic, partition, offset);
      const last = records.at(-1);
      if (!last) return;
      await this.handler(records);
      this.done.set(name, last.offset + 1);
    }
  }
}
