import type { AbstractSublevel } from 'abstract-level';
import type { Link, Links } from '../rebuilding/links.js';
import type { Level } from './level.js';

type StoredFields = Pick<Link, 'hash' | 'prevhash' | 'copy' | 'republished' | 'resolves'>;

/**
 * Stores links in an embedded database. Keys contain the log position, so that adding needs no read; duplicates are
 * removed when links are read, which is cheaper.
 */
export class EmbeddedLinks implements Links {
  private readonly links: AbstractSublevel<Level, string | Buffer | Uint8Array, string, string>;

  constructor(level: Level) {
    this.links = level.sublevel<string, string>('links', {});
  }

  async add(links: readonly Link[]): Promise<void> {
    if (links.length === 0) return;
    await this.links.batch(links.map((link) => ({ type: 'put', key: keyOf(link), value: toText(link) })));
  }

  async remove(links: readonly Link[]): Promise<void> {
    await this.links.batch(links.map((link) => ({ type: 'del', key: keyOf(link) })));
  }

  async of(topic: string, id: string): Promise<readonly Link[]> {
    const range = { gte: `${topic}!${id}\0`, lt: `${topic}!${id}\u0001` };
    const links: Link[] = [];
    for await (const link of byVersion(this.links.iterator(range))) links.push(link);
    return links;
  }

  all(topic?: string): AsyncIterable<Link> {
    return byVersion(
      topic === undefined ? this.links.iterator() : this.links.iterator({ gte: `${topic}!`, lt: `${topic}"` }),
    );
  }
}

/** The zero byte keeps the order of the ids: an id sorts before every longer id that begins with it. */
function keyOf({ topic, id, version, partition, offset }: Link): string {
  return `${topic}!${id}\0${padded(version)}${padded(offset)}${partition}`;
}

function padded(number: number): string {
  return String(number).padStart(15, '0');
}

function toText({ hash, prevhash, copy, republished, resolves }: StoredFields): string {
  const own = `${hash ?? ''} ${prevhash ?? ''} ${copy?.hash ?? ''} ${copy?.prevhash ?? ''}`;
  return `${own} ${republished ?? ''}${resolves ? ` ${resolves.join(' ')}` : ''}`;
}

function fromEntry([key, text]: [string, string]): Link {
  const [zero, mark] = [key.lastIndexOf('\0'), key.indexOf('!')];
  const numbers = key.slice(zero + 1);
  const [hash, prevhash, copyHash, copyPrevhash, republished, ...resolves] = text.split(' ');
  return {
    topic: key.slice(0, mark),
    id: key.slice(mark + 1, zero),
    version: Number(numbers.slice(0, 15)),
    partition: Number(numbers.slice(30)),
    offset: Number(numbers.slice(15, 30)),
    ...(hash && { hash }),
    ...(prevhash && { prevhash }),
    ...(copyHash && { copy: { hash: copyHash, ...(copyPrevhash && { prevhash: copyPrevhash }) } }),
    ...(republished && { republished: republished as 'itself' | 'others' }),
    ...(resolves.length > 0 && { resolves }),
  };
}

/** Read in chunks, because one await per entry would take longer than reading it. */
const CHUNK_SIZE = 1_000;

interface Entries {
  nextv(size: number): Promise<[string, string][]>;
  close(): Promise<void>;
}

/** Yields one link per version: the first in the log, with its rivals, without duplicates. */
async function* byVersion(entries: Entries): AsyncGenerator<Link> {
  let first: Link | undefined;
  let rivals: Link[] = [];
  try {
    for (;;) {
      const some = await entries.nextv(CHUNK_SIZE);
      for (const entry of some) {
        const link = fromEntry(entry);
        if (first?.version === link.version && first.id === link.id && first.topic === link.topic) {
          if (![first, ...rivals].some(({ hash }) => hash === link.hash)) rivals.push(link);
          continue;
        }
        if (first) yield withRivals(first, rivals);
        [first, rivals] = [link, []];
      }
      if (some.length === 0) break;
    }
    if (first) yield withRivals(first, rivals);
  } finally {
    await entries.close();
  }
}

function withRivals(link: Link, rivals: readonly Link[]): Link {
  return rivals.length > 0 ? { ...link, rivals } : link;
}
