/** @param {string} module @returns {Promise<any>} of the build */
const built = (module) => import(new URL(`../../dist/${module}.js`, import.meta.url).href);
/** @param {string} module @returns {Promise<any>} */
const ofPrivacy = (module) => built(`platform/privacy/${module}`);

/** @typedef {{ key: Buffer | null, value: Buffer | null }} Message */
/** @typedef {(events: readonly object[]) => Promise<readonly any[]>} Open */
/** @typedef {(kind: import('./facts.mjs').Kind, entries: readonly any[], open: Open) => Promise<readonly any[]>} OpenEntries */

/**
 * Opens the sealed parts of events. Keys are remembered for the whole run, those of erased customers as well: what was
 * acknowledged before an erasure can be held against the log for as long as the key was in the log when it was read.
 */
export class LogOpener {
  /** @type {Map<string, object>} wrapped, by customer */
  #keys = new Map();
  /** @type {(record: Message) => { person: string, key?: object } | undefined} */
  #parseKeyRecord;
  /** @type {Open} */
  #open;

  /** @type {OpenEntries} */
  #openEntries;

  /**
   * @param {(record: Message) => { person: string, key?: object } | undefined} parseKeyRecord
   * @param {(source: object) => Open} openWith
   * @param {OpenEntries} openEntries
   */
  constructor(parseKeyRecord, openWith, openEntries) {
    this.#parseKeyRecord = parseKeyRecord;
    this.#openEntries = openEntries;
    const find = async (/** @type {readonly string[]} */ persons) =>
      new Map(persons.flatMap((person) => (this.#keys.has(person) ? [[person, this.#keys.get(person)]] : [])));
    this.#open = openWith({ find });
  }

  /** @param {string} masterKeysFile */
  static async create(masterKeysFile) {
    const [{ parseKeyRecord }, { readMasterKeysFile }, { decodeMasterKey }, { MasterKeys }, { KeyRing }, open] =
      await Promise.all(
        ['key-records', 'master-keys-file', 'master-key-lines', 'master-keys', 'key-ring', 'open-events'].map(
          ofPrivacy,
        ),
      );
    /** @type {{ id: string, value: string, number: number }[]} */
    const lines = await readMasterKeysFile(masterKeysFile);
    const masterKeys = lines.map(({ id, value, number }) => ({ id, bytes: decodeMasterKey(value, number) }));
    const ring = new KeyRing(new MasterKeys(masterKeys));
    const { OpenedHistory } = await built('platform/views/opened-history');
    const { customerEvents } = await built('accounts/messages/customer-events');
    const { orderEvents } = await built('orders/messages/order-events');
    /** @type {OpenEntries} */
    const openEntries = (kind, entries, openEvents) => {
      const stream = kind === 'customer' ? customerEvents : orderEvents;
      return new OpenedHistory({ page: () => Promise.resolve(entries) }, stream, openEvents).page();
    };
    return new LogOpener(parseKeyRecord, (source) => open.openEventsWith(ring, source, source), openEntries);
  }

  /** @param {readonly Message[]} messages of the topic of keys */
  learn(messages) {
    for (const message of messages) {
      const { person, key } = this.#parseKeyRecord(message) ?? {};
      if (person !== undefined && key) this.#keys.set(person, key);
    }
  }

  /**
   * Returns the data of events with what was sealed.
   * @param {readonly any[]} events @returns {Promise<any[]>}
   * @throws Error when one cannot be opened
   */
  async open(events) {
    const opened = await this.#open(events);
    return opened.map((event) => {
      if (event instanceof Error) throw event;
      return event.data;
    });
  }

  /**
   * Returns the entries of a history with what was sealed in their states.
   * @param {import('./facts.mjs').Kind} kind @param {readonly any[]} entries @returns {Promise<readonly any[]>}
   * @throws Error when one cannot be opened
   */
  openHistory(kind, entries) {
    return this.#openEntries(kind, entries, this.#open);
  }
}
