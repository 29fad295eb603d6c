/** The part of a document that follows from the log, in a form that all databases share. */
export interface AuditedDocument {
  readonly key: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** A document that should be another. */
export interface Repair {
  readonly key: string;
  /** Undefined: there was no document. */
  readonly seen: AuditedDocument | undefined;
  /** Undefined: there should be none. */
  readonly expected: AuditedDocument | undefined;
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
   * Sets documents to their expected content, or deletes them. Leaves a document whose version is no longer the one that
   * was seen. Fields that the log does not know are kept.
   */
  repair(repairs: readonly Repair[]): Promise<void>;
}
