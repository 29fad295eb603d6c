import {
  firstToRead,
  isToRead,
  type LoggedRecord,
  type LogReader,
  type ReadFrom,
  type RecordHandler,
} from '../log/bus.js';
import { leaseUntil } from '../log/lease.js';
import { progressOf } from '../log/progress.js';
import { Route } from '../log/route.js';

/** The part of the log that a reader needs. */
interface Log {
  /** End offsets, by partition. */
  ends(topic: string): Promise<readonly number[]>;
  /** Returns the next records of a partition from an offset on; empty at the end. */
  records(topic: string, partition: number, offset: number): Promise<readonly LoggedRecord[]>;
}

/** A partition of a topic, and the reader's way through it. */
interface PartitionRoute {
  readonly topic: string;
  readonly partition: number;
  readonly route: Route;
}

/** Reads the embedded log. It reads only during {@link caughtUp}. */
export class EmbeddedLogReader implements LogReader {
  private readonly routes = new Map<string, PartitionRoute>();
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
    return progressOf([...this.routes.values()].map(({ route }) => route));
  }

  caughtUp(): Promise<void> {
    const caughtUp = this.running.then(() => this.catchUp());
    this.running = caughtUp.catch(() => undefined);
    return caughtUp;
  }

  positions() {
    return [...this.routes.values()].map(({ topic, partition, route }) => ({ topic, partition, next: route.complete }));
  }

  async stop(): Promise<void> {
    this.ending.abort(new Error('the log reader was stopped'));
    await this.running;
  }

  private async catchUp(): Promise<void> {
    try {
      await this.refreshEnds();
      for (const each of this.routes.values()) await this.readUpToEnd(each);
    } catch (error) {
      this.ending.abort(error);
    }
    this.ending.signal.throwIfAborted();
  }

  private async refreshEnds(): Promise<void> {
    for (const topic of this.topics) {
      for (const [partition, end] of (await this.log.ends(topic)).entries()) {
        if (!isToRead(this.from, topic, partition)) continue;
        const name = `${topic}!${partition}`;
        const first = firstToRead(this.from, topic, { partition, first: 0, end });
        const known = this.routes.get(name) ?? {
          topic,
          partition,
          route: new Route(first, end, this.from.window?.(topic)),
        };
        known.route.end = end;
        this.routes.set(name, known);
      }
    }
  }

  private async readUpToEnd({ topic, partition, route }: PartitionRoute): Promise<void> {
    const { signal } = this.ending;
    while (!route.hasReached(route.end) && !signal.aborted) {
      const { next, until } = route;
      const records = next < route.end ? await this.log.records(topic, partition, next) : [];
      const meant = records.filter(({ offset }) => offset < until);
      if (meant.length > 0) await this.handler(meant, leaseUntil(signal));
      // No record before the end: records were deleted from outside. Skip them; `verify` will report them.
      route.advance((records.at(-1)?.offset ?? route.end - 1) + 1);
    }
  }
}
