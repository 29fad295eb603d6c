import { randomUUID } from 'node:crypto';
import type { Bus, BusRecord, LogReader, ReadFrom, RecordHandler, RunningConsumer } from '../log/bus.js';
import { record } from './recorder.js';

/** The bus of one process, and ways to restart or kill that process. */
export interface BusFixture {
  readonly bus: Bus;
  /** Session timeout in milliseconds; 0 when the bus has none. */
  readonly session: number;
  /** Closes the bus. Returns the bus of a process that is started afterwards. */
  reopen(): Promise<Bus>;
  /** Cuts the process off, like `kill -9`. Returns the bus of the next process. Running calls never end. */
  crash(): Promise<Bus>;
  /** Lets the calls of a crashed process end, so that they can be cleaned up. */
  endCrashedCalls(): void;
  dispose(): Promise<void>;
}

/** The topic and the group of one test, and the members and readers that it started. */
export class BusWorld {
  readonly topic = `topic-${randomUUID()}`;
  readonly group = `group-${randomUUID()}`;
  running: RunningConsumer[] = [];
  private readonly readers: LogReader[] = [];

  private constructor(readonly fixture: BusFixture) {}

  static async open(openFixture: () => Promise<BusFixture>): Promise<BusWorld> {
    const world = new BusWorld(await openFixture());
    await world.bus.createTopics([world.topic]);
    return world;
  }

  get bus(): Bus {
    return this.fixture.bus;
  }

  async join(handler: RecordHandler, options: { bus?: Bus; group?: string } = {}): Promise<RunningConsumer> {
    const { bus = this.bus, group = this.group } = options;
    const consumer = await bus.consume(group, new Map([[this.topic, handler]]));
    this.running.push(consumer);
    return consumer;
  }

  async leave(consumer: RunningConsumer): Promise<void> {
    this.running = this.running.filter((other) => other !== consumer);
    await consumer.stop();
  }

  async read(handler: RecordHandler, topics = [this.topic], from?: ReadFrom): Promise<LogReader> {
    const reader = await this.bus.read(topics, handler, from);
    this.readers.push(reader);
    return reader;
  }

  async close(): Promise<void> {
    this.fixture.endCrashedCalls();
    await Promise.all(this.readers.map((reader) => reader.stop()));
    await Promise.all(this.running.map((consumer) => consumer.stop()));
    await this.fixture.dispose();
  }
}

/** Enough keys to have records in several partitions. */
export const keys: readonly string[] = Array.from({ length: 24 }, (_, index) => `key-${index}`);

/** One record for every key. */
export function aRoundOf(value: string): BusRecord[] {
  return keys.map((key) => record(key, `${key} ${value}`));
}

export function isOfRound(value: string): (record: BusRecord) => boolean {
  return (each) => String(each.value).endsWith(` ${value}`);
}
