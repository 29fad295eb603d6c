import { randomUUID } from 'node:crypto';
import type { Bus, BusRecord, RunningConsumer, RecordHandler } from '../log/bus.js';
import { record } from './recorder.js';

/** One log, as a process sees it, and what may happen to that process. */
export interface BusFixture {
  readonly bus: Bus;
  /** Milliseconds without a heartbeat after which a member's partitions go to others; 0 where there is no such time. */
  readonly session: number;
  /** Closes the bus, and answers one that another process opens afterwards. */
  reopen(): Promise<Bus>;
  /** Ends the process as `kill -9` would, and answers the bus of the next one. What was running never ends. */
  crash(): Promise<Bus>;
  /** Lets what a crash cut off end, so that it can be let go of. */
  bury(): void;
  dispose(): Promise<void>;
}

/** A topic and a group of one test's own, and the members that it started. */
export class BusWorld {
  readonly topic = `topic-${randomUUID()}`;
  readonly group = `group-${randomUUID()}`;
  running: RunningConsumer[] = [];

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
    const consumption = await bus.consume(group, new Map([[this.topic, handler]]));
    this.running.push(consumption);
    return consumption;
  }

  async leave(consumption: RunningConsumer): Promise<void> {
    this.running = this.running.filter((other) => other !== consumption);
    await consumption.stop();
  }

  async close(): Promise<void> {
    this.fixture.bury();
    await Promise.all(this.running.map((consumption) => consumption.stop()));
    await this.fixture.dispose();
  }
}

/** As many keys as it takes to have records in several partitions. */
export const keys: readonly string[] = Array.from({ length: 24 }, (_, index) => `key-${index}`);

/** A record of every key. */
export function aRoundOf(value: string): BusRecord[] {
  return keys.map((key) => record(key, `${key} ${value}`));
}

export function isOfRound(value: string): (record: BusRecord) => boolean {
  return (each) => String(each.value).endsWith(` ${value}`);
}
