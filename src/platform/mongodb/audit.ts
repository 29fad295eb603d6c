import type { AnyBulkWriteOperation, Collection, Document } from 'mongodb';
import type { Auditable, AuditedDocument, Repair } from '../rebuilding/auditable.js';
import { isDuplicateKey, orUnavailable, refusal } from './errors.js';
import { writeWhenUnfenced } from './fence.js';

type Stored = Document & { _id: string };

/** Gives access to a MongoDB collection for a comparison with the log. */
export class MongoAudit implements Auditable {
  private readonly collectionOf: Collection<Stored>;

  /** @param unlogged fields that the log does not know, with their initial values (undefined: missing) */
  constructor(
    collection: Collection<never>,
    private readonly unlogged: Readonly<Record<string, unknown>> = {},
  ) {
    this.collectionOf = collection as unknown as Collection<Stored>;
  }

  get collection(): string {
    return this.collectionOf.collectionName;
  }

  count(how: 'estimated' | 'exact'): Promise<number> {
    const collection = this.collectionOf;
    return orUnavailable(() => (how === 'exact' ? collection.countDocuments({}) : collection.estimatedDocumentCount()));
  }

  async *documents(): AsyncGenerator<AuditedDocument> {
    const cursor = this.collectionOf.find({}, { projection: this.projection }).sort({ _id: 1 });
    for await (const document of cursor) yield toAudited(document);
  }

  async pick(keys: readonly string[]): Promise<readonly AuditedDocument[]> {
    const filter = { _id: { $in: [...keys] } };
    const documents = await orUnavailable(() =>
      this.collectionOf.find(filter, { projection: this.projection }).toArray(),
    );
    return documents.map(toAudited);
  }

  async repair(repairs: readonly Repair[]): Promise<void> {
    if (repairs.length === 0) return;
    const operations = repairs.map((repair) => this.operationOf(repair)) as AnyBulkWriteOperation<Stored>[];
    const refused = await writeWhenUnfenced(this.collectionOf, operations);
    // Another writer inserted it meanwhile.
    const others = [...refused.values()].filter((failure) => !isDuplicateKey(failure));
    if (others.length > 0) throw refusal(others);
  }

  private operationOf({ key, seen, expected }: Repair): object {
    const filter = { _id: key, version: seen?.content.version ?? null };
    if (!expected) return { deleteOne: { filter } };
    if (!seen) return { insertOne: { document: { _id: key, ...expected.content, ...this.unlogged } } };
    const kept = Object.keys(this.unlogged).map((name) => [
      name,
      { $ifNull: [`$${name}`, this.unlogged[name] ?? '$$REMOVE'] },
    ]);
    const content = { $literal: { _id: key, ...expected.content } };
    const update = [{ $replaceWith: { $mergeObjects: [content, Object.fromEntries(kept)] } }];
    return { updateOne: { filter, update } };
  }

  private get projection(): Record<string, 0> {
    return Object.fromEntries(Object.keys(this.unlogged).map((name) => [name, 0]));
  }
}

function toAudited({ _id, ...content }: Stored): AuditedDocument {
  return { key: _id, content };
}
