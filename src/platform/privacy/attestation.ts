/**
 * Name of a context.
 * @maxLength 100
 * @pattern ^[a-z][a-z-]*$
 */
type ContextName = string;

/** A context's confirmation that it has erased a person, as it arrived. */
export interface Confirmed {
  readonly context: ContextName;
  /**
   * RFC 3339
   * @format date-time
   */
  readonly at: string;
}

/** Something that is left after an erasure. */
export interface Remaining {
  /** @maxLength 1000 */
  readonly what: string;
  /**
   * RFC 3339; undefined if it stays.
   * @format date-time
   */
  readonly until?: string;
}

/** The proof that a person was erased, without the person. */
export interface Attestation {
  /** @format uuid */
  readonly id: string;
  /**
   * The version that the erasure created.
   * @isLong
   * @minimum 1
   */
  readonly version: number;
  /**
   * RFC 3339
   * @format date-time
   */
  readonly erasedAt: string;
  /**
   * The caller who erased the person, if callers are known.
   * @maxLength 255
   */
  readonly erasedBy?: string;
  /**
   * Id of the destroyed key; undefined if the events of the person were never sealed.
   * @maxLength 32
   * @pattern ^[0-9a-f]{32}$
   */
  readonly destroyedKey?: string;
  /** @maxItems 100 */
  readonly confirmations: readonly Confirmed[];
  /**
   * Contexts that copy the person's data, and have not confirmed yet.
   * @maxItems 100
   */
  readonly awaited: readonly ContextName[];
  /** @maxItems 100 */
  readonly remaining: readonly Remaining[];
}

/** Attests erasures of the persons of one kind of aggregate. */
export interface Erasures {
  /**
   * Returns the attestation of a person's erasure; undefined if there was none.
   * @throws PlatformError `unavailable` when the database does not answer
   */
  attest(id: string): Promise<Attestation | undefined>;
}
