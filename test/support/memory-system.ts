import { expect } from '@jest/globals';
import { CONTEXTS } from '../../src/contexts.js';
import type { Database } from '../../src/platform/context/database.js';
import type { OpenContext } from '../../src/platform/context/open-context.js';
import { EmbeddedBus } from '../../src/platform/embedded/bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../src/platform/embedded/database.js';
import type { BusRecord } from '../../src/platform/log/bus.js';
import { readToEnd } from '../../src/platform/log/read-to-end.js';
import { parseConfig } from '../../src/platform/operating/config/config.js';
import { KeyRing } from '../../src/platform/privacy/key-ring.js';
import { copyKeys } from '../../src/platform/privacy/keys-of-log.js';
import { type MasterKey, MasterKeys, newMasterKey } from '../../src/platform/privacy/master-keys.js';
import type { KeyPlaces } from '../../src/platform/privacy/rotate-keys.js';
import { Process } from '../../src/platform/process/process.js';
import { eventually } from '../../src/platform/testing/eventually.js';
import {
  type Verified as VerifiedModule,
  type VerifyOptions,
  verifyModule,
} from '../../src/platform/maintenance/verify-module.js';
import { silentLogger } from '../../src/platform/testing/silent-logger.js';
import type { KeptRecord } from './log-world.js';
import type { TakeoverOptions } from '../../src/platform/rebuilding/takeover.js';
import { replayed } from './replayed.js';
import { type Rebuilt, withRebuilt } from './rebuilt.js';
import { type Verifiable, type Verified, verified } from './verified.js';

const KEYS = 'accounts.customer.keys';

/** Both contexts in one process, over a log and databases in memory that stay when the process is started again. */
export class MemorySystem {
  /** The newest first. */
  masterKeys: readonly MasterKey[] = [newMasterKey()];
  url = '';
  private running: Process | undefined;
  /** One at a time: a bus remembers where its topics end. */
  bus: EmbeddedBus;
  private readonly databases = new Map<string, EmbeddedDatabase>();

  private constructor(private readonly log: EmbeddedDatabase) {
    this.bus = this.newBus();
  }

  static async open(): Promise<MemorySystem> {
    const system = new MemorySystem(await openEmbeddedDatabase('memory'));
    for (const { name } of CONTEXTS) await system.lose(name);
    return system;
  }

  /**
   * @param settings in place of the default ones
   * @param names of the contexts that the process serves
   */
  async start(
    settings: Readonly<Record<string, string>> = {},
    names: readonly string[] = CONTEXTS.map(({ name }) => name),
  ): Promise<void> {
    const config = parseConfig({ PORT: 0, MANAGEMENT_PORT: 0, ...settings });
    this.bus = this.newBus();
    const backends = { busName: 'embedded log', openBus: () => Promise.resolve(this.bus), ...this.backends() };
    const contexts = CONTEXTS.filter(({ name }) => names.includes(name));
    this.running = new Process(config, contexts, backends, silentLogger, CONTEXTS);
    await this.running.start();
    await this.running.joined();
    this.url = `http://127.0.0.1:${this.running.ports.port}`;
  }

  get urls() {
    return { accounts: this.url, orders: this.url };
  }

  /** The port of the operators' listener. */
  get managementUrl(): string {
    return `http://127.0.0.1:${this.running?.ports.managementPort}`;
  }

  async stop(): Promise<void> {
    await this.running?.stop();
    this.running = undefined;
    this.bus = this.newBus();
  }

  /** Replaces a context's database by an empty one. Its process must not be running. */
  async lose(context: string): Promise<void> {
    this.databases.set(context, await openEmbeddedDatabase('memory'));
  }

  /** The records in the log as they are kept, by place: `topic!partition!offset`. */
  get records() {
    return this.log.level.sublevel<string, KeptRecord>('log', { valueEncoding: 'json' });
  }

  /** Resolves once both contexts have stored that they have applied every record of a topic, which they do every second. */
  async settled(topic: string): Promise<void> {
    await eventually(async () => {
      const count = (await this.bus.countRecords([topic])).get(topic);
      for (const [name, { positions }] of this.databases) {
        const stored = (await positions.of(name)).filter((each) => each.topic === topic);
        expect(stored.reduce((sum, { next }) => sum + next, 0)).toBe(count);
      }
    });
  }

  /** Everything that a context's database holds. */
  backup(context: string): Promise<[string, string][]> {
    return (this.databases.get(context) as EmbeddedDatabase).level.iterator().all();
  }

  /** Puts a context's database back to where it was. */
  async restore(context: string, backup: readonly (readonly [string, string])[]): Promise<void> {
    const { level } = this.databases.get(context) as EmbeddedDatabase;
    const now = await level.keys().all();
    const restored = backup.map(([key, value]) => ({ type: 'put', key, value }) as const);
    await level.batch([...now.map((key) => ({ type: 'del', key }) as const), ...restored]);
  }

  /** Deletes all records of a topic. Its process must not be running. */
  async loseTopic(topic: string): Promise<void> {
    const range = { gt: `${topic}!`, lt: `${topic}"` };
    await this.records.clear(range);
    await this.log.level.sublevel<string, string>('keyed', {}).clear(range);
  }

  /** The topics that have records. */
  async topics(): Promise<string[]> {
    const places = await this.records.keys().all();
    return [...new Set(places.map((place) => place.split('!')[0] as string))];
  }

  verify(name: string): Promise<Verified> {
    return verified(contextCalled(name), this.verifiable());
  }

  /** Does what the command `verify` does, with the checkpoints that it keeps. */
  verifyModule(name: string, options: Partial<VerifyOptions> = {}): Promise<VerifiedModule> {
    const openPrivacy = () => Promise.resolve({ ring: new KeyRing(new MasterKeys(this.masterKeys)), seals: true });
    const database = this.databaseOf(name);
    return verifyModule(
      { context: contextCalled(name), bus: this.bus, database, logger: silentLogger, openPrivacy },
      { lagToleranceMs: 0, ...options },
      { signal: new AbortController().signal },
    );
  }

  /** Looks at what a replay makes of the log. */
  withRebuilt(name: string, look: (rebuilt: Rebuilt) => Promise<void>): Promise<void> {
    return withRebuilt(contextCalled(name), this.verifiable(), look);
  }

  /** Rebuilds a context's database and swaps it in. */
  replay(name: string, options: Partial<TakeoverOptions> = {}, onFilled?: () => Promise<unknown>): Promise<void> {
    return replayed(contextCalled(name), this.verifiable(), options, onFilled);
  }

  /** Opens a context as its process does. A save to its stores is not published until the process is started. */
  opened(name: string): OpenContext {
    const ring = new KeyRing(new MasterKeys(this.masterKeys));
    return contextCalled(name).open(this.databaseOf(name), { privacy: { ring, seals: true } });
  }

  /** Expects that neither context differs from the log, now or soon. */
  async expectVerified(): Promise<void> {
    await eventually(async () => {
      for (const { name } of CONTEXTS) expect(await this.verify(name)).toEqual({ findings: [], unreadable: [] });
    });
  }

  /** Runs work on the keys of customers, as the commands `keys rotate` and `keys check` do. */
  async withKeys<T>(
    work: (places: KeyPlaces, publish: (records: readonly BusRecord[]) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const ring = new KeyRing(new MasterKeys(this.masterKeys));
    const { bus } = this;
    const store = this.opened('accounts').stores[0]?.keys as KeyPlaces['store'];
    const published = (await openEmbeddedDatabase('memory')).stores.keyCopies('keys');
    await readToEnd(bus, [KEYS], (records) => copyKeys(published, records));
    return work({ ring, store, published }, (records) => bus.publish(KEYS, records));
  }

  private verifiable(): Verifiable {
    return { ...this.backends(), config: parseConfig({}), bus: this.bus, lagToleranceMs: 0 };
  }

  private backends() {
    return {
      openDatabase: (name: string) => Promise.resolve(this.databaseOf(name)),
      openKeyWrapper: () => Promise.resolve(new MasterKeys(this.masterKeys)),
    };
  }

  private newBus(): EmbeddedBus {
    return new EmbeddedBus({ ...this.log, close: () => Promise.resolve() }, silentLogger);
  }

  databaseOf(name: string): Database {
    return { ...(this.databases.get(name) as EmbeddedDatabase), close: () => Promise.resolve() };
  }
}

function contextCalled(name: string): (typeof CONTEXTS)[number] {
  return CONTEXTS.find((each) => each.name === name) as (typeof CONTEXTS)[number];
}
