import { randomUUID } from 'node:crypto';
import { EmbeddedCopyIndex } from '../embedded/copy-index.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/database.js';
import { type ChangeOptions, copyToNewGeneration } from '../generations/change-generation.js';
import { KafkaBus } from '../kafka/bus.js';
import type { RecordClientName } from '../operating/config/kafka-settings.js';
import { keys } from './bus-world.js';
import { realServers } from './real-servers.js';
import { Recorder } from './recorder.js';
import { silentLogger } from './silent-logger.js';

const SESSION_TIMEOUT_MS = 6_000;

/** A topic of a real Kafka, to be copied to other generations. */
export class GenerationsWorld {
  readonly topic = `topic-${randomUUID()}`;
  private readonly toClose: { close(): Promise<void> }[] = [];

  constructor(private readonly recordClient: RecordClientName = 'kafkajs') {}

  /** The bus of another process. */
  async openBus(): Promise<KafkaBus> {
    const client = { brokers: [realServers().kafka], retry: { retries: 2, initialRetryTime: 50 } };
    const bus = await KafkaBus.open(
      { client, recordClient: this.recordClient, partitions: 2, sessionTimeout: SESSION_TIMEOUT_MS },
      silentLogger,
    );
    this.toClose.push(bus);
    return bus;
  }

  async openScratch(): Promise<EmbeddedDatabase> {
    const scratch = await openEmbeddedDatabase('memory');
    this.toClose.push(scratch);
    return scratch;
  }

  /** The options of another run of the command. */
  async options(bus: KafkaBus): Promise<ChangeOptions> {
    const index = new EmbeddedCopyIndex((await this.openScratch()).level);
    const { signal } = new AbortController();
    return { store: bus.generations, topic: this.topic, run: randomUUID(), index, signal };
  }

  async copy(bus: KafkaBus, partitions: number) {
    return copyToNewGeneration({ ...(await this.options(bus)), current: 2, partitions });
  }

  /** What the active generation has. */
  async valuesIn(bus: KafkaBus): Promise<string[]> {
    const recorder = new Recorder();
    const reader = await bus.read([this.topic], recorder.handler());
    await reader.caughtUp();
    await reader.stop();
    return recorder.values;
  }

  async close(): Promise<void> {
    for (const each of this.toClose) await each.close();
  }
}

/** The values of a round of records, see `aRoundOf`. */
export function roundOf(name: string): string[] {
  return keys.map((key) => `${key} ${name}`).sort();
}
