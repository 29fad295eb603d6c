import type { LoggedRecord, LogReader, RecordHandler } from '../log/bus.js';
import { leaseUntil } from '../log/lease.js';
import { type Position, progressOf } from '../log/progress.js';

/** What a reading needs of the log. */
interface Log {
  /** The offset after the last record, by partition. */
  ends(topic: string): Promise<readonly number[]>;
  /** Some of the records of a partition from an offset on; none when there are none yet. */
  records(topic: string, partition: number, offset: number): Promise<readonly LoggedRecord[]>;
}

/** A partition of a topic, and how far its reading is. */
interface Place extends Position {
  readonly topic: string;
  readonly partition: number;
}

/** A reading of the embedded log. It reads when it is asked whether it has caught up. */
export class EmbeddedLogReader implements LogReader {
  private readonly places = new Map<string, Place>();
  /** Aborted when it has ended, for the reason that is then always told. */
  private readonly ending = new AbortController();
  private running: Promise<void> = Promise.resolve();

  private constructor(
    private readonly topics: readonly string[],
    private readonly handler: RecordHandler,
    private readonly log: Log,
    private readonly newest: number,
  ) {}

  static async start(
    topics: readonly string[],
    handler: RecordHandler,
    log: Log,
    newest = Infinity,
  ): Promise<EmbeddedLogReader> {
    const reading = new EmbeddedLogReader(topics, handler, log, newest);
    await reading.look();
    return reading;
  }

  get progress() {
    return progressOf(this.places.values());
  }

  caughtUp(): Promise<void> {
    const caughtUp = this.running.then(() => this.catchUp());
    this.running = caughtUp.catch(() => undefined);
    return caughtUp;
  }

  async stop(): Promise<void> {
    this.ending.abort(new Error('the reading was stopped'));
    await this.running;
  }

  private async catchUp(): Promise<void> {
    try {
      await this.look();
      for (const place of this.places.values()) await this.readUpToEnd(place);
    } catch (error) {
      this.ending.abort(error);
    }
    this.ending.signal.throwIfAborted();
  }

  private async look(): Promise<void> {
    for (const topic of this.topics) {
      for (const [partition, end] of (await this.log.ends(topic)).entries()) {
        const name = `${topic}!${partition}`;
        const first = Math.max(0, end - this.newest);
        const place = this.places.get(name) ?? { topic, partition, first, next: first, end };
        this.places.set(name, Object.assign(place, { end }));
      }
    }
  }

  private async readUpToEnd(place: Place): Promise<void> {
    const { signal } = this.ending;
    while (place.next < place.end && !signal.aborted) {
      const records = await this.log.records(place.topic, place.partition, place.next);
      if (records.length > 0) await this.handler(records, leaseUntil(signal));
      // Nothing where there ought to be something: it was taken out from behind, for a verification to find.
      place.next = (records.at(-1)?.offset ?? place.end - 1) + 1;
    }
  }
}
