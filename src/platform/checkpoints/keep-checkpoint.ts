import { createHash, randomUUID } from 'node:crypto';
import type { Bus, NextRecord } from '../log/bus.js';
import { fingerprintOf, partitionName, type Position, UNREAD } from '../log/position.js';
import type { KeyRing } from '../privacy/key-ring.js';
import { mainLine } from '../rebuilding/branches.js';
import { byAggregate, type Link, type Links } from '../rebuilding/links.js';
import { type Checkpoint, type Checkpoints, textOf } from './checkpoint.js';
import { CHUNK_SIZE, encodeHeads } from './heads.js';

/** What a checkpoint is made of. */
export interface Compared {
  /** Name of the context. */
  readonly context: string;
  readonly bus: Pick<Bus, 'firstRecord'>;
  /** The topics that were read. */
  readonly topics: readonly string[];
  /** Has all links of the records before `reached`, and perhaps later ones. */
  readonly links: Links;
  /** How far each partition was read. */
  readonly reached: readonly NextRecord[];
  readonly signal: AbortSignal;
}

/**
 * Keeps a checkpoint of a log that was compared with the database and found right.
 * @throws PlatformError `unavailable`, and the signal's reason; then the one before is still kept
 */
export async function keepCheckpoint(
  checkpoints: Checkpoints,
  ring: Pick<KeyRing, 'sign'>,
  { context, bus, topics, links, reached, signal }: Compared,
): Promise<Checkpoint> {
  const id = randomUUID();
  const positions = await Promise.all(reached.map((next) => positionAt(bus, next)));
  const digest = createHash('sha256');
  let [aggregates, chunks] = [0, 0];
  const add = async (heads: readonly Link[]) => {
    signal.throwIfAborted();
    const [first] = heads;
    if (!first) return;
    const chunk = encodeHeads(first.topic, heads);
    digest.update(chunk);
    await checkpoints.addChunk(id, chunks, chunk);
    aggregates += heads.length;
    chunks += 1;
  };
  let batch: Link[] = [];
  for await (const head of headsIn(links, reached)) {
    if (batch.length === CHUNK_SIZE || (batch[0] && batch[0].topic !== head.topic)) {
      await add(batch);
      batch = [];
    }
    batch.push(head);
  }
  await add(batch);
  const read = { topics, positions, aggregates, digest: digest.digest('hex') };
  const checkpoint = { context, at: new Date().toISOString(), ...read };
  const text = textOf(checkpoint);
  await checkpoints.keep({ id, text, signature: ring.sign(text) });
  return checkpoint;
}

/** The newest event of each aggregate, of those before these positions. */
async function* headsIn(links: Links, reached: readonly NextRecord[]): AsyncGenerator<Link> {
  const ends = new Map(reached.map((each) => [partitionName(each), each.next]));
  const isBefore = (link: Link) => link.fromCheckpoint ?? link.offset < (ends.get(partitionName(link)) ?? 0);
  for await (const own of byAggregate(links.all())) {
    const head = mainLine(own).findLast(isBefore);
    if (head) yield head;
  }
}

async function positionAt(bus: Pick<Bus, 'firstRecord'>, at: NextRecord): Promise<Position> {
  const { topic, partition, next } = at;
  const last = next === 0 ? undefined : await bus.firstRecord(topic, partition, next - 1);
  return { topic, partition, next, last: last?.offset === next - 1 ? fingerprintOf(last) : UNREAD };
}
