import { type EventStream, ownsKeys } from '../event/event-stream.js';
import type { KeyStore } from '../privacy/rotate-keys.js';
import { ownKeys, type SealingKeys } from '../privacy/sealing-keys.js';
import type { Database } from './database.js';
import { PersonKeys, type Privacy } from './person-keys.js';
import { memberOf } from '../privacy/topics.js';

/** The keys of all kinds of persons that a context deals with, by the topic of the keys. */
export class ContextKeys {
  private readonly kinds = new Map<string, PersonKeys>();

  /** @param privacy undefined: nothing is sealed, and nothing can be opened */
  constructor(
    private readonly database: Database,
    private readonly privacy: Privacy | undefined,
  ) {}

  get all(): readonly PersonKeys[] {
    return [...this.kinds.values()];
  }

  /** Returns what seals the events of a stream; undefined when they are published in clear text. */
  sealingOf(events: EventStream): SealingKeys | undefined {
    const { privacy } = this;
    if (!privacy?.seals || events.keys === undefined) return undefined;
    if (ownsKeys(events)) return ownKeys(privacy.ring);
    return this.of(events.keys)?.sealing;
  }

  /** Adds the keys of the context's own persons. Call it before {@link of}. */
  add(events: EventStream, holder: KeyStore): void {
    if (this.privacy && ownsKeys(events)) {
      this.kinds.set(events.keys as string, new PersonKeys(events.keys as string, { holder }, this.privacy));
    }
  }

  /** Returns the keys on a topic; the context keeps copies of those of others. */
  of(topic: string | undefined): PersonKeys | undefined {
    if (topic === undefined || !this.privacy) return undefined;
    const known = this.kinds.get(topic);
    if (known) return known;
    const copies = this.database.stores.keyCopies(`${memberOf(topic)}.keys`);
    const keys = new PersonKeys(topic, { copies }, this.privacy);
    this.kinds.set(topic, keys);
    return keys;
  }
}
