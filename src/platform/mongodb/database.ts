import type { Collection, Db, DbOptions, MongoClient, MongoClientOptions, ReadConcern } from 'mongodb';
import type { PartitionPins } from '../log/partition-pins.js';
import type { Database } from '../context/database.js';
import { madeAt } from '../rebuilding/inspection.js';
import type { Rebuild } from '../rebuilding/rebuild.js';
import { withTimeout } from '../tools/timeout.js';
import { failOnClosedConnections } from './closed-connections.js';
import { isDuplicateKey, orUnavailable } from './errors.js';
import { MongoCheckpoints } from './checkpoints.js';
import { MongoPins } from './pins.js';
import { MongoPositions } from './positions.js';
import { reasonFor } from './reasons.js';
import { beginRebuild } from './rebuild.js';
import { mongoStores } from './stores.js';

/** One context's own MongoDB database. */
export interface MongoDatabase extends Database {
  /** Access to collections only, so that each can be stored under another name. */
  readonly db: Pick<Db, 'collection'>;
  readonly pins: PartitionPins;
  /** The same database, with `<name>.<suffix>` for every collection name. It closes with this one. */
  beside(suffix: string): MongoDatabase;
  openBeside(suffix: string): Promise<MongoDatabase>;
  beginRebuild(collections: readonly string[]): Promise<Rebuild<MongoDatabase>>;
}

/** A connection string, and the name of its setting. */
export interface MongoAddress {
  readonly uri: string;
  readonly setting: string;
}

/** Passed to the database and not to the client, whose options a connection string overrides. */
const DB_OPTIONS: DbOptions = {
  ignoreUndefined: true,
  // Never publish an event of a write that a failover may roll back.
  // A plain object, because the driver's class would load the driver with this file.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- the driver accepts a plain object
  readConcern: { level: 'majority' } as ReadConcern,
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
};

/**
 * A stalled server keeps its connections open. After one heartbeat and one connect timeout without an answer (3 s) the
 * driver marks it as unknown, and the operations that wait for it fail.
 */
const TIMEOUTS: MongoClientOptions = {
  heartbeatFrequencyMS: 1_000,
  connectTimeoutMS: 2_000,
  serverSelectionTimeoutMS: 3_000,
  waitQueueTimeoutMS: 4_000,
};

/** Longer than the driver's own timeouts take together. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connects with the first check or operation, and reconnects after an outage.
 * @throws Error that names the setting when the connection string is invalid
 */
export async function openMongoDatabase(address: MongoAddress, name: string): Promise<MongoDatabase> {
  const client = await newClient(address, {
    appName: name,
    // `writeWhenUnfenced` retries bulk writes: that is much cheaper than to have the server record each write.
    retryWrites: false,
    ...TIMEOUTS,
  });
  return databaseOver(client, client.db(name, DB_OPTIONS), address.setting, (collection) => collection);
}

function databaseOver(
  client: MongoClient,
  db: Db,
  setting: string,
  named: (collection: string) => string,
): MongoDatabase {
  const beside = (suffix: string): MongoDatabase =>
    databaseOver(client, db, setting, (collection) => `${named(collection)}.${suffix}`);
  let wasReached = false;
  const renamed: MongoDatabase['db'] = { collection: (name, options) => db.collection(named(name), options) };
  return {
    kind: 'mongodb',
    location: `database ${db.databaseName}`,
    overwritten: "MongoDB's oplog, journal and freed file space, until MongoDB overwrites them",
    db: renamed,
    stores: mongoStores(renamed),
    positions: new MongoPositions(db.collection(named('consumer.positions'))),
    checkpoints: new MongoCheckpoints(db.collection('checkpoints'), db.collection('checkpoints.heads')),
    async check() {
      try {
        // The driver does not retry by itself after its first connection has failed.
        if (!wasReached) await withTimeout(CONNECT_TIMEOUT_MS, client.connect());
        wasReached = true;
        // Unlike `ping`, this command needs authorization.
        await withTimeout(2_000, db.command({ listCollections: 1, nameOnly: true, filter: { name: '' } }));
        return { up: true };
      } catch (error) {
        const away = `MongoDB does not answer for database ${db.databaseName}`;
        const hosts = client.options.hosts.map(String);
        return { up: false, detail: reasonFor(error, setting, db.databaseName, hosts) ?? away };
      }
    },
    keepFirst: (name, make) => keepFirst(db.collection('context.kept'), name, make),
    pins: new MongoPins(db),
    close: () => client.close(),
    beside,
    openBeside: (suffix) =>
      orUnavailable(async () => {
        const collections = await db.listCollections({}, { nameOnly: true }).toArray();
        const there = collections.filter(({ name }) => name.endsWith(`.${suffix}`));
        for (const { name } of there) await db.dropCollection(name);
        return { ...beside(suffix), close: () => Promise.resolve() };
      }),
    dropInspections: (madeBefore = Infinity) =>
      orUnavailable(async () => {
        const collections = await db.listCollections({}, { nameOnly: true }).toArray();
        const outdated = collections.filter(({ name }) => (madeAt(name) ?? Infinity) < madeBefore);
        for (const { name } of outdated) await db.dropCollection(name);
      }),
    joinRebuild: beside,
    beginRebuild: (collections) => beginRebuild(db, collections.map(named), beside),
  };
}

interface KeptText {
  _id: string;
  text: string;
}

async function keepFirst(texts: Collection<KeptText>, name: string, make: () => Promise<string>): Promise<string> {
  const find = () => orUnavailable(() => texts.findOne({ _id: name }));
  const before = await find();
  if (before) return before.text;
  const text = await make();
  await orUnavailable(() => texts.insertOne({ _id: name, text })).catch((error: unknown) => {
    // Another instance inserted it first.
    if (!isDuplicateKey(error)) throw error;
  });
  return (await find())?.text ?? text;
}

async function newClient({ uri, setting }: MongoAddress, options: MongoClientOptions): Promise<MongoClient> {
  const { MongoClient: Client } = await import('mongodb');
  await failOnClosedConnections();
  try {
    return new Client(uri, options);
  } catch (error) {
    // The driver's message may contain the password, so it is not repeated.
    throw new Error(`${setting}: not a valid MongoDB connection string`, { cause: error });
  }
}
