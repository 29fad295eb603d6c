/** A document without what the log does not know of it, in a form that is the same in every technology. */
export interface AuditedDocument {
  readonly key: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** A collection that is a function of the log, so that it can be held against it. */
export interface Auditable {
  readonly collection: string;
  /** How many documents there are; `estimated` is quick, and may be wrong after a crash of the database. */
  count(how: 'estimated' | 'exact'): Promise<number>;
  /** Every document, in the order of the keys' bytes. */
  documents(): AsyncIterable<AuditedDocument>;
  /** Those of the keys' documents that are there, in any order. */
  pick(keys: readonly string[]): Promise<readonly AuditedDocument[]>;
  /**
   * Makes one document what it should be (`expected` undefined: not there), unless its version is another one by now
   * than when it was seen (`seen` undefined: it was not there). What the log does not know of it stays.
   */
  repair(key: string, seen: AuditedDocument | undefined, expected: AuditedDocument | undefined): Promise<void>;
}
