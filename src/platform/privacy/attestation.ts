/** A context's confirmation that it has erased a person, as it arrived. */
export interface Confirmed {
  readonly context: string;
  /** RFC 3339 */
  readonly at: string;
}

/** Something that is left after an erasure. */
export interface Remaining {
  readonly what: string;
  /** RFC 3339; undefined if it stays. */
  readonly until?: string;
}

/** The proof that a person was erased, without the person. */
export interface Attestation {
  readonly id: string;
  /** The version that the erasure created. */
  readonly version: number;
  /** RFC 3339 */
  readonly erasedAt: string;
  /** The caller who erased the person, if callers are known. */
  readonly erasedBy?: string;
  /** The destroyed key; undefined if the events of the person were never sealed. */
  readonly destroyedKey?: string;
  readonly confirmations: readonly Confirmed[];
  /** Contexts that copy the person's data, and have not confirmed yet. */
  readonly awaited: readonly string[];
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
