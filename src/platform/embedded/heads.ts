import type { AbstractSublevel } from 'abstract-level';
import type { Heads } from '../checkpoints/heads.js';
import type { Link } from '../rebuilding/links.js';
import type { Level } from './level.js';

type Stored = Omit<Link, 'topic' | 'id'>;

const CHUNK_SIZE = 1_000;

/** Stores the heads of a checkpoint in an embedded database. */
export class EmbeddedHeads implements Heads {
  private readonly heads: AbstractSublevel<Level, string | Buffer | Uint8Array, string, Stored>;

  constructor(level: Level) {
    this.heads = level.sublevel<string, Stored>('heads', { valueEncoding: 'json' });
  }

  async add(heads: readonly Link[]): Promise<void> {
    await this.heads.batch(heads.map(({ topic, id, ...value }) => ({ type: 'put', key: keyOf(topic, id), value })));
  }

  async find(topic: string, ids: readonly string[]): Promise<readonly (Link | undefined)[]> {
    const found = await this.heads.getMany(ids.map((id) => keyOf(topic, id)));
    return found.map((stored, index) => stored && { topic, id: ids[index] as string, ...stored });
  }

  async *all(topic?: string): AsyncGenerator<Link> {
    const range = topic === undefined ? {} : { gte: `${topic}!`, lt: `${topic}"` };
    const entries = this.heads.iterator(range);
    try {
      for (let some = await entries.nextv(CHUNK_SIZE); some.length > 0; some = await entries.nextv(CHUNK_SIZE)) {
        for (const [key, stored] of some) {
          const mark = key.indexOf('!');
          yield { topic: key.slice(0, mark), id: key.slice(mark + 1, -1), ...stored };
        }
      }
    } finally {
      await entries.close();
    }
  }
}

/** The zero byte keeps the order of the ids: an id sorts before every longer id that begins with it. */
function keyOf(topic: string, id: string): string {
  return `${topic}!${id}\0`;
}
