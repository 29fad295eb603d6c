/** A setting as somebody has set it. */
export interface Given {
  readonly value: unknown;
  /** What whoever has set it calls it: `MONGODB_URI_FILE`, `KAFKA_PROPERTIES: sasl.mechanism`. */
  readonly label: string;
  /** Where it was found, for people. */
  readonly origin: string;
}

/** What one source has, by the names of the settings. */
export type Layer = ReadonlyMap<string, Given>;

/** What all sources have together, unchecked: of what more than one has, the last one's. */
export class Found {
  private readonly given: Layer;

  constructor(layers: readonly Layer[]) {
    this.given = new Map(layers.flatMap((layer) => [...layer]));
  }

  has(name: string): boolean {
    return this.given.has(name);
  }

  value(name: string): unknown {
    return this.given.get(name)?.value;
  }

  /** The name by which to tell people of it. */
  label(name: string): string {
    return this.given.get(name)?.label ?? name;
  }

  origin(name: string): string | undefined {
    return this.given.get(name)?.origin;
  }

  values(): Record<string, unknown> {
    return Object.fromEntries([...this.given].map(([name, { value }]) => [name, value]));
  }
}
