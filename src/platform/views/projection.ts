/** A copy of a state, with its version. */
export interface Versioned<State> {
  readonly id: string;
  readonly version: number;
  readonly state: State;
}

/**
 * A read model keyed by id. An entry replaces an older version, and is skipped if the same or a newer version is
 * stored. Deliveries may therefore repeat, overlap and arrive late with the same result.
 */
export interface ProjectionStore<State> {
  /** Resolves when all entries are applied, durably. */
  apply(entries: readonly Versioned<State>[]): Promise<void>;
  find(id: string): Promise<Versioned<State> | undefined>;
}

/** A projection whose readers can wait for a version to arrive. */
export interface Projection<State> extends ProjectionStore<State> {
  /**
   * Returns the copy, once it has reached a version.
   * @param waitSeconds 0: do not wait
   * @throws PlatformError `unavailable` when it does not arrive in time, or when the process stops
   */
  findAtLeast(id: string, version: number, waitSeconds: number): Promise<Versioned<State>>;
}

/** Returns the newest entry of each id: each contains the whole state, so older ones need not be written. */
export function newestOfEach<Entry extends { readonly id: string; readonly version: number }>(
  entries: readonly Entry[],
): Entry[] {
  const newest = new Map<string, Entry>();
  for (const entry of entries) {
    if (entry.version > (newest.get(entry.id)?.version ?? 0)) newest.set(entry.id, entry);
  }
  return [...newest.values()];
}
