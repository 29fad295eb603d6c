import type { AbstractSublevel } from 'abstract-level';
import type { Link, Links } from '../replay/links.js';
import type { Level } from './embedded-database.js';

/** Links in an embedded database. */
export class EmbeddedLinks implements Links {
  private readonly links: AbstractSublevel<Level, string | Buffer | Uint8Array, string, Link>;

  constructor(level: Level) {
    this.links = level.sublevel<string, Link>('links', { valueEncoding: 'json' });
  }

  async add(links: readonly Link[]): Promise<void> {
    const keys = links.map(keyOf);
    const kept = await this.links.getMany(keys);
    const known = new Map(keys.map((key, index) => [key, kept[index]]));
    const changed = new Map<string, Link>();
    for (const [index, link] of links.entries()) {
      const key = keys[index] as string;
      const after = withLink(known.get(key), link);
      if (!after) continue;
      known.set(key, after);
      changed.set(key, after);
    }
    if (changed.size === 0) return;
    await this.links.batch([...changed].map(([key, value]) => ({ type: 'put', key, value })));
  }

  of(topic: string, id: string): Promise<readonly Link[]> {
    return this.links.values({ gte: `${topic}!${id}\0`, lt: `${topic}!${id}\u0001` }).all();
  }

  all(topic?: string): AsyncIterable<Link> {
    return topic === undefined ? this.links.values() : this.links.values({ gte: `${topic}!`, lt: `${topic}"` });
  }
}

/** A zero sorts an id before every longer one that begins with it, as the ids alone are sorted. */
function keyOf({ topic, id, version }: Link): string {
  return `${topic}!${id}\0${String(version).padStart(15, '0')}`;
}

/** What is kept under the key once the link has come; undefined where that stays as it is. */
function withLink(first: Link | undefined, link: Link): Link | undefined {
  if (!first) return link;
  const rivals = first.rivals ?? [];
  if ([first, ...rivals].some(({ hash }) => hash === link.hash)) return undefined;
  return { ...first, rivals: [...rivals, link] };
}
