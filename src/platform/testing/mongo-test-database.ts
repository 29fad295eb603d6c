import { randomUUID } from 'node:crypto';
import type { Db } from 'mongodb';
import { type MongoDatabase, openMongoDatabase } from '../mongodb/database.js';
import { realServers } from './real-servers.js';

/** The database of one test. Each `open` acts as another process. */
export interface MongoTestDatabase {
  readonly name: string;
  open(): Promise<MongoDatabase>;
  drop(): Promise<void>;
}

/** The driver's `Db`, which services cannot access. */
export function driverOf({ db }: MongoDatabase): Db {
  return db.collection('any').db;
}

export function mongoTestDatabase(): MongoTestDatabase {
  const name = `test-${randomUUID()}`;
  const opened: MongoDatabase[] = [];
  const open = async (): Promise<MongoDatabase> => {
    const database = await openMongoDatabase({ uri: realServers().mongodb, setting: 'MONGODB_URI' }, name);
    opened.push(database);
    return database;
  };
  return {
    name,
    open,
    drop: async () => {
      await driverOf(await open()).dropDatabase();
      await Promise.all(opened.map((database) => database.close()));
    },
  };
}
