import { expect } from '@jest/globals';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Backends } from '../../src/platform/process/backends.js';
import { CONTEXTS } from '../../src/contexts.js';
import type { Bus } from '../../src/platform/log/bus.js';
import type { Config } from '../../src/platform/operating/config/config.js';
import { parseConfig } from '../../src/platform/operating/config/config.js';
import type { Database } from '../../src/platform/context/database.js';
import type { OpenContext } from '../../src/platform/context/open-context.js';
import type { CloudEvent } from '../../src/platform/event/cloud-event.js';
import { KeyRing } from '../../src/platform/privacy/key-ring.js';
import type { Opened } from '../../src/platform/privacy/open-events.js';
import { Process } from '../../src/platform/process/process.js';
import { Client, leaksCard } from './client.js';
import { eventually } from './fixtures.js';

/** Records of each partition among which an event is searched. */
const NEWEST = 2_000;

/** What a suite needs to know of the adapters that the process runs on. */
export interface Adapters {
  settings(): Readonly<Record<string, unknown>>;
  backends(config: Config, logger: Logger): Backends;
  /** Every record of a context's database, as text, names of the keys included. */
  dump(database: Database): Promise<string[]>;
}

/** The real composition, both contexts in one process, on some adapters. */
export class System {
  readonly client: Client;
  /** The contexts beside the process, on its databases. */
  private readonly opened: readonly OpenContext[];

  private constructor(
    private readonly process: Process,
    private readonly adapters: Adapters,
    private readonly databases: readonly Database[],
    private readonly lines: readonly string[],
    private readonly bus: Bus,
    ring: KeyRing,
  ) {
    this.client = new Client(`http://127.0.0.1:${process.ports.port}`);
    this.opened = CONTEXTS.map((context, index) => context.open(databases[index]!, { privacy: { ring, seals: true } }));
  }

  static async start(adapters: Adapters): Promise<System> {
    const lines: string[] = [];
    const config = parseConfig({ PORT: 0, MANAGEMENT_PORT: 0, ...adapters.settings() });
    const logger = pino({ level: 'info' }, { write: (line) => lines.push(line) } as DestinationStream);
    const databases: Database[] = [];
    let bus: Bus | undefined;
    const { openDatabase, openBus, ...rest } = adapters.backends(config, logger);
    const backends: Backends = {
      ...rest,
      openDatabase: async (name) => {
        const database = await openDatabase(name);
        databases.push(database);
        return database;
      },
      openBus: async () => (bus = await openBus()),
    };
    const process = new Process(config, CONTEXTS, backends, logger);
    await process.start();
    await process.joined();
    const ring = new KeyRing(await backends.openKeyWrapper());
    return new System(process, adapters, databases, lines, bus!, ring);
  }

  /** One context in a process of its own, on the same databases, while the bus is away. */
  async startAlone(name: string): Promise<{ client: Client; stop(): Promise<void> }> {
    const config = parseConfig({ PORT: 0, MANAGEMENT_PORT: 0, LOG_LEVEL: 'silent', ...this.adapters.settings() });
    const logger = pino({ level: 'silent' });
    const backends = { ...this.adapters.backends(config, logger), openBus: async () => busThatIsAway };
    const contexts = CONTEXTS.filter((context) => context.name === name);
    const alone = new Process(config, contexts, backends, logger);
    await alone.start();
    return { client: new Client(`http://127.0.0.1:${alone.ports.port}`), stop: () => alone.stop() };
  }

  /** Resolves once every committed event has been published and has left its outbox. */
  async outboxesAreEmpty(): Promise<void> {
    const stores = this.opened.flatMap((context) => context.stores);
    await eventually(async () => {
      for (const store of stores) expect((await store.backlog()).events).toBe(0);
    });
  }

  /** Leaves of an aggregate what there is of it once its database was lost and rebuilt from the log: no remembered command. */
  async rebuiltFromLog(module: string, id: string): Promise<void> {
    await this.outboxesAreEmpty();
    const { replayable } = this.opened[CONTEXTS.findIndex(({ name }) => name === module)]!;
    await replayable.systemsOfRecord[0]!.store.adopt([{ id, pending: [], commands: [] }]);
  }

  /**
   * The event of a version of an aggregate, from the log: another process on the same servers may have published it.
   */
  async event(subject: string, version: number): Promise<CloudEvent> {
    const found: CloudEvent[] = [];
    const topics = CONTEXTS.flatMap(({ events }) => events.publishes.map(({ topic }) => topic));
    const reader = await this.bus.read(
      topics,
      async (records) => {
        const own = records.filter(({ key }) => String(key) === subject);
        const events = own.map(({ value }) => JSON.parse(String(value)) as CloudEvent);
        found.push(...events.filter(({ sequence }) => sequence === String(version)));
      },
      { newest: NEWEST },
    );
    try {
      await eventually(async () => {
        await reader.caughtUp();
        expect(found.length).toBeGreaterThan(0);
      });
    } finally {
      await reader.stop();
    }
    return found[0]!;
  }

  /** A customer's event as a reader with the key sees it. */
  async openEvent(event: CloudEvent): Promise<Opened | undefined> {
    const accounts = this.opened.find(({ keys }) => keys.some(({ areCopies }) => !areCopies));
    return (await accounts?.keys[0]?.open([event]))?.[0];
  }

  /** Every record of both databases that has one of these texts in it. */
  async tracesOf(texts: readonly string[]): Promise<string[]> {
    const records = (await Promise.all(this.databases.map((database) => this.adapters.dump(database)))).flat();
    return records.filter((record) => texts.some((text) => record.includes(text)));
  }

  async stop(): Promise<void> {
    await this.process.stop();
    const failures = this.lines.filter((line) => /"level":"?(error|fatal|50|60)"?/.test(line));
    expect(failures).toEqual([]);
    expect(this.lines.filter(leaksCard)).toEqual([]);
  }
}

const away = () => Promise.reject(new Error('the bus is away'));
const busThatIsAway: Bus = {
  createTopics: away,
  describeTopics: away,
  countPartitions: away,
  countRecords: away,
  extents: away,
  consumerLag: away,
  firstRecord: away,
  read: away,
  publish: away,
  consume: away,
  check: async () => ({ up: false }),
  close: async () => undefined,
};
