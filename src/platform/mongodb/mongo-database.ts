import type { Db, MongoClient, MongoClientOptions } from 'mongodb';
import type { DependencyHealth } from '../health/health.js';

/** One context's own MongoDB database. */
export interface MongoDatabase {
  readonly kind: 'mongodb';
  readonly db: Db;
  check(): Promise<DependencyHealth>;
  close(): Promise<void>;
}

/**
 * Connects lazily: the first operation opens the connection, and a server that is away is found again.
 * @throws Error that names the setting when the connection string cannot be read.
 */
export async function openMongoDatabase(uri: string, name: string): Promise<MongoDatabase> {
  const client = await newClient(uri, {
    appName: name,
    ignoreUndefined: true,
    // An event must never be published of a write that a failover takes back.
    readConcern: { level: 'majority' },
    writeConcern: { w: 'majority', journal: true },
    serverSelectionTimeoutMS: 3_000,
    connectTimeoutMS: 3_000,
  });
  const db = client.db(name);
  return {
    kind: 'mongodb',
    db,
    async check() {
      try {
        await db.command({ ping: 1 }, { timeoutMS: 2_000 });
        return { up: true };
      } catch {
        return { up: false, detail: `MongoDB does not answer for database ${name}` };
      }
    },
    close: () => client.close(),
  };
}

async function newClient(uri: string, options: MongoClientOptions): Promise<MongoClient> {
  const { MongoClient: Client } = await import('mongodb');
  try {
    return new Client(uri, options);
  } catch (error) {
    // Without the driver's own words, which may quote the password.
    throw new Error('MONGODB_URI: is not a connection string that the driver can read', { cause: error });
  }
}
