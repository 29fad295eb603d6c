/** A copy of something, as of a version of it. */
export interface Versioned<State> {
  readonly id: string;
  readonly version: number;
  readonly state: State;
}

/**
 * A read model keyed by id that only moves forward: an entry replaces an older version and is skipped where the same
 * or a newer one is there already. So deliveries may repeat, overlap and come late, and the outcome is the same.
 */
export interface ProjectionStore<State> {
  /** Resolves when all entries are applied, durably. */
  apply(entries: readonly Versioned<State>[]): Promise<void>;
  find(id: string): Promise<Versioned<State> | undefined>;
}

/** A projection as a context has it: a reader may wait for a version to arrive. */
export interface Projection<State> extends ProjectionStore<State> {
  /**
   * The copy, once it has reached a version.
   * @param waitSeconds 0: it has to be there already
   * @throws PlatformError `unavailable` when it does not arrive in time, or when the process stops
   */
  findAtLeast(id: string, version: number, waitSeconds: number): Promise<Versioned<State>>;
}

/** The newest entry of each id: state is carried whole, so the others need not be written. */
export function newestOfEach<Entry extends { readonly id: string; readonly version: number }>(
  entries: readonly Entry[],
): Entry[] {
  const newest = new Map<string, Entry>();
  for (const entry of entries) {
    if (entry.version > (newest.get(entry.id)?.version ?? 0)) newest.set(entry.id, entry);
  }
  return [...newest.values()];
}
