import type { Collection } from 'mongodb';
import type { Checkpoints, SignedCheckpoint } from '../checkpoints/checkpoint.js';
import { orUnavailable } from './errors.js';

/** The newest checkpoint, under {@link NEWEST}. */
interface CheckpointDocument extends Omit<SignedCheckpoint, 'id'> {
  _id: string;
  readonly checkpoint: string;
}

/** A chunk of a checkpoint. */
interface ChunkDocument {
  _id: string;
  readonly bytes: Uint8Array;
}

const NEWEST = 'newest';

/** Stores the newest checkpoint in two MongoDB collections: itself, and the chunks. */
export class MongoCheckpoints implements Checkpoints {
  constructor(
    private readonly checkpoints: Collection<CheckpointDocument>,
    private readonly parts: Collection<ChunkDocument>,
  ) {}

  async newest(): Promise<SignedCheckpoint | undefined> {
    const found = await orUnavailable(() => this.checkpoints.findOne({ _id: NEWEST }));
    return found ? { id: found.checkpoint, text: found.text, signature: found.signature } : undefined;
  }

  async *chunks(id: string): AsyncGenerator<Uint8Array> {
    const range = { _id: { $gte: `${id}/`, $lt: `${id}0` } };
    const cursor = this.parts.find(range, { promoteBuffers: true, sort: { _id: 1 } });
    const next = () => orUnavailable(() => cursor.next());
    try {
      for (let part = await next(); part; part = await next()) yield part.bytes;
    } finally {
      await cursor.close();
    }
  }

  async addChunk(id: string, number: number, chunk: Uint8Array): Promise<void> {
    await orUnavailable(() => this.parts.insertOne({ _id: partName(id, number), bytes: chunk }));
  }

  async keep({ id, text, signature }: SignedCheckpoint): Promise<void> {
    const document = { _id: NEWEST, checkpoint: id, text, signature };
    await orUnavailable(() => this.checkpoints.replaceOne({ _id: NEWEST }, document, { upsert: true }));
    await orUnavailable(() =>
      this.parts.deleteMany({ $or: [{ _id: { $lt: `${id}/` } }, { _id: { $gte: `${id}0` } }] }),
    );
  }
}

/** In the order of the numbers: `0` is the character after `/`. */
function partName(id: string, number: number): string {
  return `${id}/${String(number).padStart(9, '0')}`;
}
