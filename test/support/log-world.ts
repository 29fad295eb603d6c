import { randomUUID } from 'node:crypto';
import {
  changeCustomer,
  type Customer,
  type CustomerChange,
  eraseCustomer,
  registerCustomer,
  statedBy,
} from '../../src/accounts/domain/customer.js';
import { accounts } from '../../src/accounts/accounts.context.js';
import { customerEvents } from '../../src/accounts/messages/customer-events.js';
import { orders } from '../../src/orders/orders.context.js';
import type { BusRecord } from '../../src/platform/log/bus.js';
import type { Database } from '../../src/platform/context/database.js';
import { EmbeddedBus } from '../../src/platform/embedded/bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../src/platform/embedded/database.js';
import { EmbeddedLinks } from '../../src/platform/embedded/links.js';
import { toEventRecord } from '../../src/platform/event/event-record.js';
import { type HashedEvent, toChain } from '../../src/platform/testing/cloud-events.js';
import { LogProjector } from '../../src/platform/rebuilding/projector.js';
import type { Replayable } from '../../src/platform/rebuilding/replayable.js';
import type { Fault } from '../../src/platform/rebuilding/chain.js';
import type { Difference } from '../../src/platform/rebuilding/compare.js';
import { verify } from '../../src/platform/rebuilding/verify.js';
import { KeyRing } from '../../src/platform/privacy/key-ring.js';
import { MasterKeys, newMasterKey } from '../../src/platform/privacy/master-keys.js';
import { type Verified, type VerifyOptions, verifyModule } from '../../src/platform/maintenance/verify-module.js';
import { silentLogger } from '../../src/platform/testing/silent-logger.js';

/** A record as the embedded log keeps it. */
export interface KeptRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the command `verify` comes to, with what it prints of findings. */
export type Reported = Verified & { readonly sentences: readonly string[] };

/** What a verification told. */
export interface Told {
  readonly faults: Fault[];
  readonly unread: string[];
  /** Aggregates that the log does not lead to. */
  readonly conflicts: string[];
  readonly differences: Difference[];
}

const contexts = { accounts, orders };
const NOW = '2026-01-01T00:00:00.000Z';

/** A log of customers' changes in memory, and what accounts and orders make of it. */
export class LogWorld {
  /** Sign checkpoints. */
  masterKeys = new MasterKeys([newMasterKey()]);

  private constructor(
    readonly log: EmbeddedDatabase,
    readonly bus: EmbeddedBus,
    readonly databases: Readonly<Record<keyof typeof contexts, EmbeddedDatabase>>,
  ) {}

  static async open(): Promise<LogWorld> {
    const [log, ofAccounts, ofOrders] = await Promise.all([memory(), memory(), memory()]);
    return new LogWorld(log, new EmbeddedBus(log, silentLogger), { accounts: ofAccounts, orders: ofOrders });
  }

  /** Closes it, and returns another one with nothing in it. */
  async anew(): Promise<LogWorld> {
    await this.close();
    return LogWorld.open();
  }

  /** Publishes the histories of some customers, mixed; each is a number of changes, and is then erased or not. */
  async publish(histories: readonly { readonly changes: number; readonly erased: boolean }[]): Promise<HashedEvent[]> {
    const events = histories.map(({ changes, erased }) => historyOf(randomUUID(), changes, erased));
    const longest = Math.max(0, ...events.map(({ length }) => length));
    const mixed = Array.from({ length: longest }, (_, turn) => events.flatMap((each) => each[turn] ?? [])).flat();
    await this.bus.publish(customerEvents.topic, mixed.map(toRecord));
    return mixed;
  }

  /** Publishes events once more. */
  async publishAgain(events: readonly HashedEvent[]): Promise<void> {
    await this.bus.publish(customerEvents.topic, events.map(toRecord));
  }

  /** Brings the live collections to where the log is. */
  async project(): Promise<void> {
    for (const name of ['accounts', 'orders'] as const) {
      const fold = await LogProjector.start(this.bus, this.live(name), { signal: new AbortController().signal });
      await fold.caughtUp();
      await fold.stop();
    }
  }

  live(name: keyof typeof contexts): Replayable {
    return contexts[name].open(this.databases[name] as Database).replayable;
  }

  async verify(name: keyof typeof contexts, allowUnhashed = false): Promise<Told> {
    const scratch = await memory();
    const told: Told = { faults: [], unread: [], conflicts: [], differences: [] };
    await verify({
      bus: this.bus,
      live: this.live(name),
      expected: contexts[name].open(scratch).replayable,
      links: new EmbeddedLinks(scratch.level),
      signal: new AbortController().signal,
      lagToleranceMs: 0,
      allowUnhashed,
      onFault: (fault) => told.faults.push(fault),
      onRefused: ({ record: { topic, partition, offset } }) => told.unread.push(`${topic}/${partition}/${offset}`),
      onConflict: ({ id, kind: standing }) => told.conflicts.push(`${id} ${standing}`),
      onDifference: (difference) => void told.differences.push(difference),
    });
    await scratch.close();
    return told;
  }

  /** Does what the command `verify` does, with the checkpoints that it keeps. */
  async verifyModule(name: keyof typeof contexts, options: Partial<VerifyOptions> = {}): Promise<Reported> {
    const sentences: string[] = [];
    const openPrivacy = () => Promise.resolve({ ring: new KeyRing(this.masterKeys), seals: false });
    const { bus, databases } = this;
    const verified = await verifyModule(
      { context: contexts[name], bus, database: databases[name], logger: silentLogger, openPrivacy },
      { lagToleranceMs: 0, ...options },
      { signal: new AbortController().signal, onFinding: ({ sentence }) => sentences.push(sentence) },
    );
    return { ...verified, sentences };
  }

  /** Returns what a database has, to restore it later. */
  backup(name: keyof typeof contexts): Promise<[string, string][]> {
    return this.databases[name].level.iterator().all();
  }

  async restore(name: keyof typeof contexts, entries: readonly [string, string][]): Promise<void> {
    const { level } = this.databases[name];
    await level.clear();
    await level.batch(entries.map(([key, value]) => ({ type: 'put', key, value })));
  }

  /** The records as they are kept, by place. */
  get records() {
    return this.log.level.sublevel<string, KeptRecord>('log', { valueEncoding: 'json' });
  }

  async close(): Promise<void> {
    await this.bus.close();
    await Promise.all(Object.values(this.databases).map((database) => database.close()));
  }
}

function memory(): Promise<EmbeddedDatabase> {
  return openEmbeddedDatabase('memory');
}

export function historyOf(id: string, changes: number, erased: boolean): HashedEvent[] {
  const input = {
    name: { firstName: 'Ada', lastName: 'Lovelace' },
    contact: { email: 'ada@example.com' },
    addresses: [
      { type: 'SHIPPING' as const, address1: '1 Main', city: 'Springfield', state: 'IL', postalCode: '62701' },
    ],
  };
  const first = registerCustomer(id, input, NOW);
  const all: CustomerChange[] = [first];
  let customer: Customer = first.state;
  for (let change = 1; change <= changes; change += 1) {
    const name = { ...input.name, title: `T${change}` };
    const next = changeCustomer(customer, { ...statedBy(customer), name }, NOW);
    all.push(next);
    customer = next.state;
  }
  if (erased) all.push(eraseCustomer(customer, NOW));
  return toChain(customerEvents, all);
}

/** `topic!partition!offset`, the key of a kept record, as people are told of it. */
export function toPlace(key: string): string {
  const [topic, partition, offset] = key.split('!');
  return `${topic}/${partition}/${Number(offset)}`;
}

function toRecord(event: HashedEvent): BusRecord {
  return toEventRecord(event.subject, JSON.stringify(event));
}
