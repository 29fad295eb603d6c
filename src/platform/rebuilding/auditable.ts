/** The part of a document that follows from the log, in a form that all databases share. */
export interface AuditedDocument {
  readonly key: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** A collection that is derived from the log, so that it can be compared with the log. */
export interface Auditable {
  readonly collection: string;
  /** Counts the documents. `estimated` is fast, and may be wrong after a crash of the database. */
  count(how: 'estimated' | 'exact'): Promise<number>;
  /** Every document, in byte order of the keys. */
  documents(): AsyncIterable<AuditedDocument>;
  /** Returns the documents that exist for these keys, in any order. */
  pick(keys: readonly string[]): Promise<readonly AuditedDocument[]>;
  /**
   * Sets one document to its expected content, or deletes it when `expected` is undefined. Does nothing when its
   * version is no longer the one in `seen` (undefined: there was no document). Fields that the log does not know are
   * kept.
   */
  repair(key: string, seen: AuditedDocument | undefined, expected: AuditedDocument | undefined): Promise<void>;
}
