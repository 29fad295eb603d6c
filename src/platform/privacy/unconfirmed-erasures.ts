import { cached } from '../tools/cached.js';
import type { Erasure } from './erasures.js';

/** The erasures that a context has not confirmed yet. */
export interface UnconfirmedCount {
  /** The topic of the persons' keys. */
  readonly keysTopic: string;
  /** Name of the context that has to confirm. */
  readonly context: string;
  /** Undefined while the database is unavailable. */
  readonly count?: number;
  /** Age of the oldest of them, in seconds; 0 if there is none. */
  readonly oldestSeconds?: number;
}

/** What is known of the confirmations. */
export interface Confirmations {
  readonly keysTopic: string;
  /** Names of the contexts that have to confirm. */
  readonly confirming: readonly string[];
  /** Returns true if this context has confirmed the erasure of a person. */
  has(person: string, context: string): Promise<boolean>;
}

/** Maximum number of erasures that it remembers, the oldest first. */
const MAX_REMEMBERED = 10_000;
/** Maximum number of them that are looked up at a time, the oldest first. */
const MAX_LOOKUPS = 100;

/** Watches the erasures that this process has applied until the other contexts have confirmed them. */
export class UnconfirmedErasures {
  private readonly counts = cached(() => this.count());
  /** By context: the time of the erasure in milliseconds since the epoch, by person. */
  private readonly awaited: ReadonlyMap<string, Map<string, number>>;

  constructor(private readonly confirmations: Confirmations) {
    this.awaited = new Map(confirmations.confirming.map((context) => [context, new Map<string, number>()]));
  }

  /** @param keysTopic ignored unless it is that of these persons */
  add(keysTopic: string, erasures: readonly Erasure[]): void {
    if (keysTopic !== this.confirmations.keysTopic) return;
    for (const persons of this.awaited.values()) {
      for (const { person, time } of erasures) {
        if (persons.size < MAX_REMEMBERED) persons.set(person, Date.parse(time));
      }
    }
  }

  /** Returns the current counts. Never throws and never waits long. */
  async report(): Promise<readonly UnconfirmedCount[]> {
    const { keysTopic, confirming } = this.confirmations;
    return (await this.counts()) ?? confirming.map((context) => ({ keysTopic, context }));
  }

  private count(): Promise<readonly UnconfirmedCount[]> {
    return Promise.all([...this.awaited].map(([context, persons]) => this.countIn(context, persons)));
  }

  private async countIn(context: string, persons: Map<string, number>): Promise<UnconfirmedCount> {
    const { keysTopic } = this.confirmations;
    for (;;) {
      const asked = [...persons.keys()].slice(0, MAX_LOOKUPS);
      const found = await Promise.all(asked.map((person) => this.confirmations.has(person, context)));
      const confirmed = asked.filter((_, index) => found[index]);
      for (const person of confirmed) persons.delete(person);
      if (confirmed.length < MAX_LOOKUPS) break;
    }
    const oldest = Math.min(...persons.values());
    const oldestSeconds = persons.size === 0 ? 0 : Math.max(0, Date.now() - oldest) / 1000;
    return { keysTopic, context, count: persons.size, oldestSeconds };
  }
}
