import type { AbstractSublevel } from 'abstract-level';
import { historyKey } from '../history/history.js';
import type { Link, Links } from '../verify/chain.js';
import type { Level } from './embedded-database.js';

/** Links in an embedded database. */
export class EmbeddedLinks implements Links {
  private readonly links: AbstractSublevel<Level, string | Buffer | Uint8Array, string, Link>;

  constructor(level: Level) {
    this.links = level.sublevel<string, Link>('links', { valueEncoding: 'json' });
  }

  async add(links: readonly Link[]): Promise<readonly (Link | undefined)[]> {
    const keys = links.map(({ topic, id, version }) => `${topic}!${historyKey(id, version)}`);
    const kept = await this.links.getMany(keys);
    const first = new Map(keys.map((key, index) => [key, kept[index]]));
    const writes: { type: 'put'; key: string; value: Link }[] = [];
    const before = links.map((link, index) => {
      const key = keys[index] as string;
      const earlier = first.get(key);
      if (earlier) return earlier;
      first.set(key, link);
      writes.push({ type: 'put', key, value: link });
      return undefined;
    });
    if (writes.length > 0) await this.links.batch(writes);
    return before;
  }

  all(): AsyncIterable<Link> {
    return this.links.values();
  }
}
