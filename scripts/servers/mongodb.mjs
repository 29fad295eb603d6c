import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { installMongod, mongod, mongodEnv } from './downloads.mjs';

/** @typedef {import('./instance.mjs').Ports} Ports */
/** @typedef {import('./instance.mjs').Secured} Secured */

const code = { authenticationFailed: 18, alreadyInitialized: 23, notYetInitialized: 94, userExists: 51_003 };

/** Who looks after a secure instance; the password is that of its clients. */
const operator = 'operator';

/** @type {import('./instance.mjs').Server} */
export const mongodb = {
  label: 'mongod 6.0.27',
  install: installMongod,
  signature: (home) => `--dbpath ${join(home, 'data')}`,

  async command(home, { mongodb: port }, secured) {
    const data = join(home, 'data');
    await mkdir(data, { recursive: true });
    const network = ['--bind_ip', '127.0.0.1', '--port', String(port), '--nounixsocket'];
    // Without a limit the oplog may grow to a twentieth of the disk.
    const small = ['--wiredTigerCacheSizeGB', '0.5', '--oplogSize', '512', '--quiet'];
    const safe = secured ? security(secured) : [];
    return {
      file: mongod,
      args: ['--replSet', 'rs0', ...network, ...small, ...safe, '--dbpath', data],
      env: mongodEnv,
    };
  },

  answers: async (ports, secured) => {
    try {
      const hello = await withAdmin(ports, secured, secured?.user, (admin) => admin.command({ hello: 1 }));
      return hello['isWritablePrimary'] === true;
    } catch (error) {
      if (hasCode(error, code.authenticationFailed)) return false;
      throw error;
    }
  },

  form: async (ports, secured) => {
    if (secured === undefined)
      return withAdmin(ports, secured, undefined, (admin) => formSet(admin, '127.0.0.1', ports));
    const looksAfter = () =>
      withAdmin(ports, secured, operator, async (admin) => {
        await formSet(admin, 'localhost', ports);
        await createUser(admin, secured.user, secured, ['accounts', 'orders'].flatMap(rightsOn));
      });
    try {
      await looksAfter();
    } catch (error) {
      if (!hasCode(error, code.authenticationFailed)) throw error;
      // While it knows nobody, it lets this machine make the first one known.
      await withAdmin(ports, secured, undefined, async (admin) => {
        await initiate(admin, 'localhost', ports);
        await createUser(admin, operator, secured, [{ role: 'root', db: 'admin' }]);
      });
      await looksAfter();
    }
  },
};

/** @param {import('./security.mjs').Security} security */
function security({ certificate, ca, keyFile }) {
  const tls = ['--tlsMode', 'requireTLS', '--tlsCertificateKeyFile', certificate, '--tlsCAFile', ca];
  return [...tls, '--tlsAllowConnectionsWithoutCertificates', '--keyFile', keyFile];
}

/** What docs/operations.md says that a module's user needs. @param {string} db */
const rightsOn = (db) => ['readWrite', 'dbAdmin'].map((role) => ({ role, db }));

/** @param {import('mongodb').Db} admin @param {string} host @param {Ports} ports */
async function formSet(admin, host, ports) {
  try {
    const { config } = await admin.command({ replSetGetConfig: 1 });
    const members = [{ _id: 0, host: `${host}:${ports.mongodb}` }];
    // The data remembers the port it was made on; on another one the member would not recognise itself.
    if (config.members[0].host !== members[0]?.host)
      await admin.command({ replSetReconfig: { ...config, members, version: config.version + 1 }, force: true });
  } catch (error) {
    if (!hasCode(error, code.notYetInitialized)) throw error;
    await initiate(admin, host, ports);
  }
}

/** @param {import('mongodb').Db} admin @param {string} host @param {Ports} ports */
async function initiate(admin, host, { mongodb: port }) {
  const members = [{ _id: 0, host: `${host}:${port}` }];
  await unless(code.alreadyInitialized, admin.command({ replSetInitiate: { _id: 'rs0', members } }));
}

/** @param {import('mongodb').Db} admin @param {string} user @param {{ password: string }} secured @param {object[]} roles */
async function createUser(admin, user, { password }, roles) {
  await unless(code.userExists, admin.command({ createUser: user, pwd: password, roles }));
}

/** @param {number} expected @param {Promise<unknown>} command */
async function unless(expected, command) {
  await command.catch((/** @type {unknown} */ error) => {
    if (!hasCode(error, expected)) throw error;
  });
}

/** @param {unknown} error @param {number} wanted */
const hasCode = (error, wanted) => /** @type {{ code?: unknown }} */ (error).code === wanted;

/**
 * @template T
 * @param {Ports} ports
 * @param {Secured} secured
 * @param {string | undefined} username undefined to log in as nobody
 * @param {(admin: import('mongodb').Db) => Promise<T>} work
 */
async function withAdmin({ mongodb: port }, secured, username, work) {
  const { MongoClient } = await import('mongodb');
  const client = new MongoClient(`mongodb://${secured ? 'localhost' : '127.0.0.1'}:${port}/?directConnection=true`, {
    serverSelectionTimeoutMS: 1000,
    ...(secured && { tls: true, tlsCAFile: secured.ca }),
    ...(secured && username !== undefined && { auth: { username, password: secured.password } }),
  });
  try {
    return await work(client.db('admin'));
  } finally {
    await client.close();
  }
}
