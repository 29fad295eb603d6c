import type { AbstractSublevel } from 'abstract-level';
import type { Auditable, AuditedDocument, Repair } from '../rebuilding/auditable.js';
import type { Level } from './level.js';
import type { Updates } from './updates.js';
import { type Write, writeDurably } from './writes.js';

/** Converts between stored and audited documents of a collection. */
export interface DocumentFormat<Stored> {
  contentOf(stored: Stored): AuditedDocument['content'];
  /** Merges the content into the stored document. */
  toStored(content: AuditedDocument['content'], key: string, before: Stored | undefined): Stored;
}

/** Gives access to an embedded collection for a comparison with the log. */
export class EmbeddedAudit<Stored> implements Auditable {
  private readonly stored: AbstractSublevel<Level, string | Buffer | Uint8Array, string, Stored>;

  constructor(
    private readonly level: Level,
    private readonly updates: Updates,
    readonly collection: string,
    private readonly format: DocumentFormat<Stored>,
  ) {
    this.stored = level.sublevel<string, Stored>(collection, { valueEncoding: 'json' });
  }

  async count(): Promise<number> {
    return (await this.stored.keys().all()).length;
  }

  async *documents(): AsyncGenerator<AuditedDocument> {
    for await (const [key, stored] of this.stored.iterator()) yield { key, content: this.format.contentOf(stored) };
  }

  async pick(keys: readonly string[]): Promise<readonly AuditedDocument[]> {
    const all = await this.stored.getMany([...keys]);
    return all.flatMap((stored, index) =>
      stored === undefined ? [] : [{ key: keys[index] as string, content: this.format.contentOf(stored) }],
    );
  }

  repair(repairs: readonly Repair[]): Promise<void> {
    return this.updates.run(this.collection, async () => {
      const stored = await this.stored.getMany(repairs.map(({ key }) => key));
      const writes = repairs.flatMap(({ key, seen, expected }, index) => {
        const before = stored[index];
        const version = before === undefined ? undefined : this.format.contentOf(before).version;
        if (version !== seen?.content.version) return [];
        return expected
          ? [{ type: 'put', key, value: this.format.toStored(expected.content, key, before) }]
          : [{ type: 'del', key }];
      });
      await writeDurably(
        this.level,
        writes.map((write) => ({ ...write, sublevel: this.stored }) as unknown as Write),
      );
    });
  }
}
