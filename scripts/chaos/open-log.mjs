/** @param {string} module @returns {Promise<any>} of the build */
const built = (module) => import(new URL(`../../dist/platform/privacy/${module}.js`, import.meta.url).href);

/** @typedef {{ key: Buffer | null, value: Buffer | null }} Message */

/**
 * Opens the sealed parts of events. Keys are remembered for the whole run, those of erased customers as well: what was
 * acknowledged before an erasure can be held against the log for as long as the key was in the log when it was read.
 */
export class LogOpener {
  /** @type {Map<string, object>} wrapped, by customer */
  #keys = new Map();
  /** @type {(record: Message) => { person: string, key?: object } | undefined} */
  #parseKeyRecord;
  /** @type {(events: readonly object[]) => Promise<readonly any[]>} */
  #open;

  /**
   * @param {(record: Message) => { person: string, key?: object } | undefined} parseKeyRecord
   * @param {(source: object) => (events: readonly object[]) => Promise<readonly any[]>} openWith
   */
  constructor(parseKeyRecord, openWith) {
    this.#parseKeyRecord = parseKeyRecord;
    const find = async (/** @type {readonly string[]} */ persons) =>
      new Map(persons.flatMap((person) => (this.#keys.has(person) ? [[person, this.#keys.get(person)]] : [])));
    this.#open = openWith({ find });
  }

  /** @param {string} masterKeysFile */
  static async create(masterKeysFile) {
    const [{ parseKeyRecord }, { readMasterKeysFile }, { decodeMasterKey }, { MasterKeys }, { KeyRing }, open] =
      await Promise.all(
        ['key-records', 'master-keys-file', 'master-key-lines', 'master-keys', 'key-ring', 'open-events'].map(built),
      );
    /** @type {{ id: string, value: string, number: number }[]} */
    const lines = await readMasterKeysFile(masterKeysFile);
    const masterKeys = lines.map(({ id, value, number }) => ({ id, bytes: decodeMasterKey(value, number) }));
    const ring = new KeyRing(new MasterKeys(masterKeys));
    return new LogOpener(parseKeyRecord, (source) => open.openEventsWith(ring, source, source));
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
}
