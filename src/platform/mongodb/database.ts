import type { Collection, Db, DbOptions, MongoClient, MongoClientOptions, ReadConcern } from 'mongodb';
import type { PartitionPins } from '../log/partition-pins.js';
import type { Database } from '../context/database.js';
import { madeAt } from '../rebuilding/inspection.js';
import type { Rebuild } from '../rebuilding/rebuild.js';
import { withTimeout } from '../tools/timeout.js';
import { failOnClosedConnections } from './closed-connections.js';
import { isDuplicateKey, orUnavailable } from './errors.js';
import { MongoPins } from './pins.js';
import { MongoPositions } from './positions.js';
import { reasonFor } from './reasons.js';
import { beginRebuild } from './rebuild.js';
import { mongoStores } from './stores.js';

/** One context's own MongoDB database. */
export interface MongoDatabase extends Database {
  /** The collections; no more of the driver, so that each may be kept under another name. */
  readonly db: Pick<Db, 'collection'>;
  readonly pins: PartitionPins;
  /** The same database with every collection called `<name>.<suffix>`. It is closed with this one. */
  beside(suffix: string): MongoDatabase;
  openBeside(suffix: string): Promise<MongoDatabase>;
  beginRebuild(collections: readonly string[]): Promise<Rebuild<MongoDatabase>>;
}

/** A connection string, and the setting that it is the value of. */
export interface MongoAddress {
  readonly uri: string;
  readonly setting: string;
}

/** Given to the database: what is given to the client, a connection string comes over. */
const OURS: DbOptions = {
  ignoreUndefined: true,
  // An event must never be published of a write that a failover takes back.
  // Not the driver's class, which would be loaded with this file.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- the driver takes its form
  readConcern: { level: 'majority' } as ReadConcern,
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
};

/**
 * A server that stalls keeps its connections. It is given up, and what waits for it fails, when it has not said for a
 * heartbeat and the time of a connect that it is alive: 3 s.
 */
const TIMES: MongoClientOptions = {
  heartbeatFrequencyMS: 1_000,
  connectTimeoutMS: 2_000,
  serverSelectionTimeoutMS: 3_000,
  waitQueueTimeoutMS: 4_000,
};

/**
 * Connects with the first check or operation; a server that goes away later is found again.
 * @throws Error that names the setting when the connection string cannot be read.
 */
export async function openMongoDatabase(address: MongoAddress, name: string): Promise<MongoDatabase> {
  const client = await newClient(address, {
    appName: name,
    // Bulk writes are tried again by `writeAroundFence`, for a fraction of what it costs the server to remember each write.
    retryWrites: false,
    ...TIMES,
  });
  return databaseOver(client, client.db(name, OURS), address.setting, (collection) => collection);
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
    db: renamed,
    stores: mongoStores(renamed),
    positions: new MongoPositions(db.collection(named('consumer.positions'))),
    async check() {
      try {
        // Where its first connection fails, the driver makes no other by itself.
        if (!wasReached) await client.connect();
        wasReached = true;
        // Unlike a ping, it is not for everybody.
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
    // Another instance was first.
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
    // Without the driver's own words, which may quote the password.
    throw new Error(`${setting}: is not a connection string that the driver can read`, { cause: error });
  }
}
