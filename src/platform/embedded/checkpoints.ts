import type { AbstractSublevel } from 'abstract-level';
import type { Checkpoints, SignedCheckpoint } from '../checkpoints/checkpoint.js';
import type { Level } from './level.js';
import type { Updates } from './updates.js';
import { type Write, writeDurably } from './writes.js';

const NAME = 'checkpoints';
/** Chunks are stored under names that sort before it. */
const NEWEST = 'newest';

/** Stores the newest checkpoint in an embedded database. */
export class EmbeddedCheckpoints implements Checkpoints {
  private readonly stored: AbstractSublevel<Level, string | Buffer | Uint8Array, string, string>;

  constructor(
    private readonly level: Level,
    private readonly updates: Updates,
  ) {
    this.stored = level.sublevel<string, string>(NAME, {});
  }

  async newest(): Promise<SignedCheckpoint | undefined> {
    const text = await this.stored.get(NEWEST);
    return text === undefined ? undefined : (JSON.parse(text) as SignedCheckpoint);
  }

  async *chunks(id: string): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.stored.values({ gte: `chunk ${id}/`, lt: `chunk ${id}0` })) {
      yield Buffer.from(chunk, 'base64');
    }
  }

  addChunk(id: string, number: number, chunk: Uint8Array): Promise<void> {
    const key = `chunk ${id}/${String(number).padStart(9, '0')}`;
    return this.write([this.put(key, Buffer.from(chunk).toString('base64'))]);
  }

  async keep(checkpoint: SignedCheckpoint): Promise<void> {
    await this.write([this.put(NEWEST, JSON.stringify(checkpoint))]);
    const keys = await this.stored.keys({ gte: 'chunk ', lt: NEWEST }).all();
    const others = keys.filter((key) => !key.startsWith(`chunk ${checkpoint.id}/`));
    await this.write(others.map((key) => ({ type: 'del', sublevel: this.stored, key }) as unknown as Write));
  }

  private put(key: string, value: string): Write {
    return { type: 'put', sublevel: this.stored, key, value } as unknown as Write;
  }

  private write(writes: Write[]): Promise<void> {
    return this.updates.run(NAME, () => writeDurably(this.level, writes));
  }
}
