/** The value of one setting, unchecked. */
export interface RawSetting {
  readonly value: unknown;
  /** The name that the setting has in its source: `MONGODB_URI_FILE`, `KAFKA_PROPERTIES: sasl.mechanism`. */
  readonly label: string;
  /** The source, for display. */
  readonly origin: string;
}

/** The settings of one source, by name. */
export type Layer = ReadonlyMap<string, RawSetting>;

/** The settings of all sources, unchecked; later layers override earlier ones. */
export class RawSettings {
  private readonly settings: Layer;

  constructor(layers: readonly Layer[]) {
    this.settings = new Map(layers.flatMap((layer) => [...layer]));
  }

  has(name: string): boolean {
    return this.settings.has(name);
  }

  value(name: string): unknown {
    return this.settings.get(name)?.value;
  }

  /** Returns the name of the setting for messages. */
  label(name: string): string {
    return this.settings.get(name)?.label ?? name;
  }

  origin(name: string): string | undefined {
    return this.settings.get(name)?.origin;
  }

  values(): Record<string, unknown> {
    return Object.fromEntries([...this.settings].map(([name, { value }]) => [name, value]));
  }
}
