import { firstToRead, type LoggedRecord, type LogReader, type ReadFrom, type RecordHandler } from '../log/bus.js';
import { leaseUntil } from '../log/lease.js';
import { type Position, progressOf } from '../log/progress.js';

/** The part of the log that a reader needs. */
interface Log {
  /** End offsets, by partition. */
  ends(topic: string): Promise<readonly number[]>;
  /** Returns the next records of a partition from an offset on; empty at the end. */
  records(topic: string, partition: number, offset: number): Promise<readonly LoggedRecord[]>;
}

/** A partition of a topic, and the reader's position in it. */
interface PartitionPosition extends Position {
  readonly topic: string;
  readonly partition: number;
}

/** Reads the embedded log. It reads only during {@link caughtUp}. */
export class EmbeddedLogReader implements LogReader {
  private readonly positions = new Map<string, PartitionPosition>();
  /** Aborted at the end, with the reason. Later calls throw that reason. */
  private readonly ending = new AbortController();
  private running: Promise<void> = Promise.resolve();

  private constructor(
    private readonly topics: readonly string[],
    private readonly handler: RecordHandler,
    private readonly log: Log,
    private readonly from: ReadFrom,
  ) {}

  static async start(
    topics: readonly string[],
    handler: RecordHandler,
    log: Log,
    from: ReadFrom = {},
  ): Promise<EmbeddedLogReader> {
    const reader = new EmbeddedLogReader(topics, handler, log, from);
    await reader.refreshEnds();
    return reader;
  }

  get progress() {
    return progressOf(this.positions.values());
  }

  caughtUp(): Promise<void> {
    const caughtUp = this.running.then(() => this.catchUp());
    this.running = caughtUp.catch(() => undefined);
    return caughtUp;
  }

  async stop(): Promise<void> {
    this.ending.abort(new Error('the log reader was stopped'));
    await this.running;
  }

  private async catchUp(): Promise<void> {
    try {
      await this.refreshEnds();
      for (const position of this.positions.values()) await this.readUpToEnd(position);
    } catch (error) {
      this.ending.abort(error);
    }
    this.ending.signal.throwIfAborted();
  }

  private async refreshEnds(): Promise<void> {
    for (const topic of this.topics) {
      for (const [partition, end] of (await this.log.ends(topic)).entries()) {
        const name = `${topic}!${partition}`;
        const first = firstToRead(this.from, topic, { partition, first: 0, end });
        const position = this.positions.get(name) ?? { topic, partition, first, next: first, end };
        this.positions.set(name, Object.assign(position, { end }));
      }
    }
  }

  private async readUpToEnd(position: PartitionPosition): Promise<void> {
    const { signal } = this.ending;
    while (position.next < position.end && !signal.aborted) {
      const records = await this.log.records(position.topic, position.partition, position.next);
      if (records.length > 0) await this.handler(records, leaseUntil(signal));
      // No record before the end: records were deleted from outside. Skip them; `verify` will report them.
      position.next = (records.at(-1)?.offset ?? position.end - 1) + 1;
    }
  }
}
