import { MongoClient } from 'mongodb';
import type { StoredDocument } from './read-documents.js';

const DATABASES = ['accounts', 'orders'] as const;

type Name = (typeof DATABASES)[number];

/** The documents of a database, by collection. */
export type Backup = ReadonlyMap<string, readonly (StoredDocument & { _id: string })[]>;

/** Every document of every collection of both contexts, by `<database>.<collection>` and id. */
export type Snapshot = Readonly<Record<string, Readonly<Record<string, StoredDocument>>>>;

/** Both contexts' databases, from outside. */
export class Databases {
  private constructor(private readonly client: MongoClient) {}

  static async open(uri: string): Promise<Databases> {
    return new Databases(await new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 }).connect());
  }

  collection(database: Name, name: string) {
    return this.client.db(database).collection<StoredDocument & { _id: string }>(name);
  }

  /** Names of all collections, such as `accounts.customer.history`, but what no topic of events knows:
   * where consumers are, topics, and copies of keys. */
  async collections(): Promise<string[]> {
    const names = await Promise.all(
      DATABASES.map(async (database) =>
        (await this.client.db(database).listCollections({}, { nameOnly: true }).toArray()).map(
          ({ name }) => `${database}.${name}`,
        ),
      ),
    );
    return names
      .flat()
      .filter((name) => !/^\w+\.(consumer\.positions|checkpoints|checkpoints\.heads|topics|customer\.keys)$/.test(name))
      .sort();
  }

  /** What is a function of the log, without empty collections and the commands that a store remembers for a day. */
  async snapshot(): Promise<Snapshot> {
    const all: Record<string, Record<string, StoredDocument>> = {};
    for (const name of await this.collections()) {
      const [database, ...rest] = name.split('.') as [(typeof DATABASES)[number], ...string[]];
      const documents: Record<string, StoredDocument> = {};
      for await (const { _id, commands: _, ...document } of this.collection(database, rest.join('.')).find()) {
        documents[_id] = document;
      }
      if (Object.keys(documents).length > 0) all[name] = documents;
    }
    return all;
  }

  /** Everything that one database holds, as a backup has it. */
  async backup(database: Name): Promise<Backup> {
    const collections = await this.client.db(database).listCollections({}, { nameOnly: true }).toArray();
    const contents = collections.map(async ({ name }) => {
      return [name, await this.collection(database, name).find().toArray()] as const;
    });
    return new Map(await Promise.all(contents));
  }

  /** Everything that the server holds for its clients, by `<database>.<collection>`: all but the oplog. */
  async dump(): Promise<(readonly [name: string, content: string])[]> {
    const { databases } = await this.client.db('admin').admin().listDatabases({ nameOnly: true });
    const names = databases.map(({ name }) => name).filter((name) => name !== 'local');
    const dumped = names.map(async (name) => {
      const database = this.client.db(name);
      const collections = await database.listCollections({}, { nameOnly: true }).toArray();
      return Promise.all(
        collections.map(async (collection) => {
          const documents = await database.collection(collection.name).find().toArray();
          return [`${name}.${collection.name}`, JSON.stringify(documents)] as const;
        }),
      );
    });
    return (await Promise.all(dumped)).flat();
  }

  /** Puts one database back to where it was. */
  async restore(database: Name, backup: Backup): Promise<void> {
    const collections = await this.client.db(database).listCollections({}, { nameOnly: true }).toArray();
    for (const { name } of collections) await this.collection(database, name).deleteMany({});
    for (const [name, documents] of backup) {
      if (documents.length > 0) await this.collection(database, name).insertMany([...documents]);
    }
  }

  async drop(): Promise<void> {
    for (const database of DATABASES) await this.client.db(database).dropDatabase();
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
