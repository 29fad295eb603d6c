import { PlatformError } from '../tools/errors.js';
import type { Bus, BusRecord, LogReader, RecordHandler } from './bus.js';

/**
 * A generation of a topic: one topic of Kafka with a number of partitions of its own. All generations of a topic hold
 * the same events.
 */
export interface Generation {
  /** 1 for the topic as it was created, then 2, 3 ... */
  readonly generation: number;
  /** The name of its topic in Kafka. */
  readonly name: string;
  readonly partitions: number;
  /**
   * The number by which everything above the adapter knows its first partition. The generations of a topic count their
   * partitions on, so a partition and an offset mean one record of one generation.
   */
  readonly firstPartition: number;
  readonly state: 'copying' | 'active' | 'retired' | 'deleted';
  /** Of a generation that is not active any more: by partition, the offset after its last event. */
  readonly ends?: readonly number[];
  /** By partition: the offset after the last copied event. A group that has consumed the former generation goes on here. */
  readonly starts?: readonly number[];
  /** Of a generation that refuses records: the setting `max.message.bytes` that it had before, if it had one. */
  readonly maxMessageBytes?: string;
  /** What was copied, and the proof. */
  readonly manifest?: object;
}

/** The generations of a topic. The log itself states them, for every context that publishes or reads the topic. */
export interface Generations {
  readonly topic: string;
  /** Counts the changes of this statement. */
  readonly revision: number;
  /** The run of the command that made the last change. */
  readonly changedBy: string;
  readonly generations: readonly Generation[];
  /** Number of the generation that is published to and read. */
  readonly active: number;
  /** Number of the generation that was active before. */
  readonly former?: number;
  /** Number of the generation that is about to become active. Until then, nothing can be published. */
  readonly switchingTo?: number;
}

/** The records of one generation, and the changes of generations. Partitions and offsets are the generation's own. */
export interface GenerationStore {
  /** Returns the newest statement; undefined if the topic never had another generation. */
  read(topic: string): Promise<Generations | undefined>;
  /** Replaces the statement. Resolves when it is durable. */
  write(generations: Generations): Promise<void>;
  /** Creates the topic of a generation, with the settings of another's. Does nothing if it exists. */
  create(generation: Generation, like: Generation, settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Deletes the topic of a generation with all its records. */
  delete(generation: Generation): Promise<void>;
  /** Returns the setting `max.message.bytes` of a generation, if it has one of its own. */
  maxMessageBytes(generation: Generation): Promise<string | undefined>;
  /**
   * Makes the brokers refuse every further record. Resolves when each partition has refused one, and all that it
   * accepted before is durable and can be read.
   */
  fence(generation: Generation): Promise<void>;
  /** Undoes {@link fence}. Resolves when each partition accepts records again. */
  lift(generation: Generation): Promise<void>;
  /** Reads a generation from these offsets (default: from its oldest records) and follows it. */
  follow(generation: Generation, handler: RecordHandler, from?: ReadonlyMap<number, number>): Promise<LogReader>;
  /** Appends the records in order. */
  append(generation: Generation, records: readonly BusRecord[]): Promise<void>;
  /** Returns the offset after the last record of each partition. */
  ends(generation: Generation): Promise<readonly number[]>;
}

/** A bus whose topics may have more than one generation. */
export interface GenerationalBus extends Bus {
  readonly generations: GenerationStore;
}

/** Returns undefined if the bus has a fixed number of partitions, so that no topic needs another generation. */
export function generationsOf(bus: Bus): GenerationStore | undefined {
  return (bus as Partial<GenerationalBus>).generations;
}

const CONTROL = '.generations';

/** Returns the name of the topic that states the generations of a topic. */
export function controlTopic(topic: string): string {
  return `${topic}${CONTROL}`;
}

/** True for the topic of {@link controlTopic}. */
export function isControlTopic(topic: string): boolean {
  return topic.endsWith(CONTROL);
}

/**
 * True if the topic can have generations. Dead letters stay where they are, and keys and erasures are of all generations.
 */
export function mayHaveGenerations(topic: string): boolean {
  return !/\.(?:dlt|redriven|generations|keys|erasures)$/.test(topic);
}

/** Returns the name of a generation's topic in Kafka: `accounts.customer.change.g2`. */
export function generationName(topic: string, generation: number): string {
  return generation === 1 ? topic : `${topic}.g${generation}`;
}

/** Returns the generations of a topic that has one. */
export function firstGeneration(topic: string, partitions: number): Generations {
  const first: Generation = { generation: 1, name: topic, partitions, firstPartition: 0, state: 'active' };
  return { topic, revision: 0, changedBy: '', generations: [first], active: 1 };
}

/** Returns a generation by its number. @throws PlatformError `unknown-generation` */
export function generationOf({ topic, generations }: Generations, number: number): Generation {
  const found = generations.find(({ generation }) => generation === number);
  if (found) return found;
  throw new PlatformError('rejected', 'unknown-generation', `${topic} has no generation ${number}`);
}

/** Returns the generation that is published to and read. */
export function activeOf(generations: Generations): Generation {
  return generationOf(generations, generations.active);
}

/** Returns the statement with some generations changed. */
export function withChanged(
  all: Generations,
  changes: ReadonlyMap<number, Partial<Generation>>,
  rest: Partial<Generations> = {},
): Generations {
  const generations = all.generations.map((each) => ({ ...each, ...changes.get(each.generation) }));
  return { ...all, ...rest, generations };
}

/** Parses a statement. @throws PlatformError `generations-unreadable` */
export function parseGenerations(topic: string, value: Buffer | null): Generations {
  try {
    const parsed = JSON.parse(String(value)) as Generations;
    const active = activeOf(parsed);
    if (parsed.topic === topic && active.partitions > 0 && active.firstPartition >= 0) return parsed;
  } catch {
    // Reported below.
  }
  const message = `${controlTopic(topic)} does not state the generations of ${topic}`;
  throw new PlatformError('rejected', 'generations-unreadable', message);
}
