import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { installMongod, mongod, mongodEnv } from './downloads.mjs';

const notYetInitialized = 94;

/** @type {import('./instance.mjs').Server} */
export const mongodb = {
  label: 'mongod 6.0.27',
  install: installMongod,
  signature: (home) => `--dbpath ${join(home, 'data')}`,

  async command(home, { mongodb: port }) {
    const data = join(home, 'data');
    await mkdir(data, { recursive: true });
    const network = ['--bind_ip', '127.0.0.1', '--port', String(port), '--nounixsocket'];
    // Without a limit the oplog may grow to a twentieth of the disk.
    const small = ['--wiredTigerCacheSizeGB', '0.5', '--oplogSize', '512', '--quiet'];
    return { file: mongod, args: ['--replSet', 'rs0', ...network, ...small, '--dbpath', data], env: mongodEnv };
  },

  answers: ({ mongodb: port }) =>
    withAdmin(port, async (admin) => (await admin.command({ hello: 1 }))['isWritablePrimary'] === true),

  form: ({ mongodb: port }) =>
    withAdmin(port, async (admin) => {
      const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
      try {
        const { config } = await admin.command({ replSetGetConfig: 1 });
        // The data remembers the port it was made on; on another one the member would not recognise itself.
        if (config.members[0].host !== members[0]?.host)
          await admin.command({ replSetReconfig: { ...config, members, version: config.version + 1 }, force: true });
      } catch (error) {
        if (/** @type {{ code?: unknown }} */ (error).code !== notYetInitialized) throw error;
        await admin.command({ replSetInitiate: { _id: 'rs0', members } });
      }
    }),
};

/**
 * @template T
 * @param {number} port
 * @param {(admin: import('mongodb').Db) => Promise<T>} work
 */
async function withAdmin(port, work) {
  const { MongoClient } = await import('mongodb');
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
    serverSelectionTimeoutMS: 1000,
  });
  try {
    return await work(client.db('admin'));
  } finally {
    await client.close();
  }
}
