import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { installMongod, mongod, mongodEnv } from './downloads.mjs';

/** @typedef {import('./state.mjs').Node} Node */
/** @typedef {import('./node.mjs').Secured} Secured */

const code = { authenticationFailed: 18, alreadyInitialized: 23, notYetInitialized: 94, userExists: 51_003 };

/** Who looks after a secure instance; the password is that of its clients. */
const operator = 'operator';

/** @type {import('./node.mjs').Server} */
export const mongodb = {
  label: 'mongod 6.0.27',
  install: installMongod,
  signature: (home) => `--dbpath ${join(home, 'data')}`,

  async command({ home, port }, peers, secured) {
    const data = join(home, 'data');
    await mkdir(data, { recursive: true });
    const network = ['--bind_ip', '127.0.0.1', '--port', String(port), '--nounixsocket'];
    const safe = secured ? security(secured) : [];
    return {
      file: mongod,
      args: ['--replSet', 'rs0', ...network, ...sizes(peers), '--quiet', ...safe, '--dbpath', data],
      env: mongodEnv,
    };
  },

  answers: async (node, secured) => {
    try {
      const hello = await withAdmin(node, secured, secured?.user, (admin) => admin.command({ hello: 1 }));
      return hello['isWritablePrimary'] === true || (hello['secondary'] === true && hello['primary'] !== undefined);
    } catch (error) {
      if (hasCode(error, code.authenticationFailed)) return false;
      throw error;
    }
  },

  form: async (node, peers, secured) => {
    // One of them forms the set.
    if (node.id !== 1) return;
    if (secured === undefined)
      return withAdmin(node, secured, undefined, (admin) => formSet(admin, '127.0.0.1', peers));
    const looksAfter = () =>
      withAdmin(node, secured, operator, async (admin) => {
        await formSet(admin, 'localhost', peers);
        await createUser(admin, secured.user, secured, ['accounts', 'orders'].flatMap(rightsOn));
      });
    try {
      await looksAfter();
    } catch (error) {
      if (!hasCode(error, code.authenticationFailed)) throw error;
      // While it knows nobody, it lets this machine make the first one known.
      await withAdmin(node, secured, undefined, async (admin) => {
        await initiate(admin, 'localhost', peers);
        await createUser(admin, operator, secured, [{ role: 'root', db: 'admin' }]);
      });
      await looksAfter();
    }
  },
};

/**
 * Without a limit the oplog may grow to a twentieth of the disk. Members of a set share the machine, may be told to fail,
 * and need not stay for 15 s after they have stepped down.
 * @param {Node[]} peers
 */
function sizes(peers) {
  if (peers.length === 1) return ['--wiredTigerCacheSizeGB', '0.5', '--oplogSize', '512'];
  const parameters = [
    'enableTestCommands=1',
    'shutdownTimeoutMillisForSignaledShutdown=1000',
    // Else a secondary waits 6 s and more for the oplog of a primary that stalls, and no write has a majority meanwhile.
    'oplogNetworkTimeoutBufferSeconds=1',
  ];
  const small = ['--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '200'];
  return [...small, ...parameters.flatMap((parameter) => ['--setParameter', parameter])];
}

/** @param {import('./security.mjs').Security} security */
function security({ certificate, ca, keyFile }) {
  const tls = ['--tlsMode', 'requireTLS', '--tlsCertificateKeyFile', certificate, '--tlsCAFile', ca];
  return [...tls, '--tlsAllowConnectionsWithoutCertificates', '--keyFile', keyFile];
}

/** What docs/operations.md says that a module's user needs. @param {string} db */
const rightsOn = (db) => ['readWrite', 'dbAdmin'].map((role) => ({ role, db }));

/** @param {import('mongodb').Db} admin @param {string} host @param {Node[]} peers */
async function formSet(admin, host, peers) {
  try {
    const { config } = await admin.command({ replSetGetConfig: 1 });
    const members = membersAt(host, peers);
    const isSame = members.every((member, index) => config.members[index]?.host === member.host);
    // The data remembers the ports it was made on; on another one a member would not recognise itself.
    if (!isSame)
      await admin.command({ replSetReconfig: { ...config, members, version: config.version + 1 }, force: true });
  } catch (error) {
    if (!hasCode(error, code.notYetInitialized)) throw error;
    await initiate(admin, host, peers);
  }
}

/** @param {import('mongodb').Db} admin @param {string} host @param {Node[]} peers */
async function initiate(admin, host, peers) {
  // Several members notice the loss of the primary soon, so that tests need not wait.
  const settings = peers.length === 1 ? {} : { electionTimeoutMillis: 2000, heartbeatIntervalMillis: 500 };
  const config = { _id: 'rs0', members: membersAt(host, peers), settings };
  await unless(code.alreadyInitialized, admin.command({ replSetInitiate: config }));
}

/** @param {string} host @param {Node[]} peers */
const membersAt = (host, peers) => peers.map(({ id, port }) => ({ _id: id - 1, host: `${host}:${port}` }));

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
 * @param {Node} node
 * @param {Secured} secured
 * @param {string | undefined} username undefined to log in as nobody
 * @param {(admin: import('mongodb').Db) => Promise<T>} work
 */
async function withAdmin({ port }, secured, username, work) {
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
