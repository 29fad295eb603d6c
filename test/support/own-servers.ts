import { createHash } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import type { Security } from '../../scripts/servers/security.mjs';
import { locate } from '../../scripts/servers/state.mjs';
import { continueServer, pauseServer, startServers, stopServers } from '../../scripts/servers.mjs';
import { describeWhereOwnServersRun } from '../../src/platform/testing/own-servers-needed.js';
import type { RealServers } from '../../src/platform/testing/real-servers.js';

type Kind = 'kafka' | 'mongodb';

/** All clones on a machine keep their servers in one place, and each run has master keys of its own. */
const CLONE = createHash('sha256')
  .update(import.meta.url)
  .digest('hex')
  .slice(0, 8);

/** Real servers that a test may stop and start, because nobody else uses them. */
export interface OwnServers extends RealServers {
  /** Where the servers have their files. */
  readonly folder: string;
  stop(only: Kind, signal?: NodeJS.Signals): Promise<void>;
  start(only?: Kind): Promise<void>;
  /** Lets a server do nothing at all while `work` runs. */
  whilePaused<T>(only: Kind, work: () => Promise<T>): Promise<T>;
}

/** Own servers that want TLS and a password. */
export interface SecureServers extends OwnServers {
  readonly secured: Security;
}

/** `describe`, with servers of its own, where they can be had. */
export function describeWithOwnServers(name: string, instance: string, tests: (servers: OwnServers) => void): void {
  describeWith(name, instance, false, tests);
}

/** Likewise, with servers that want TLS and a password. */
export function describeWithSecureServers(
  name: string,
  instance: string,
  tests: (servers: SecureServers) => void,
): void {
  describeWith(name, instance, true, tests);
}

function describeWith(name: string, instance: string, secure: boolean, tests: (servers: SecureServers) => void): void {
  describeWhereOwnServersRun(name, () => {
    const name = `${instance}-${CLONE}`;
    const servers = ownServers(name, secure);
    const wipe = () => stopServers({ name, wipe: true, signal: 'SIGKILL' });
    beforeAll(async () => {
      // A run that was killed left them, with events that other master keys sealed.
      await wipe();
      await servers.start();
    }, 180_000);
    afterAll(wipe, 60_000);
    tests(servers);
  });
}

function ownServers(name: string, secure: boolean): SecureServers {
  const addresses = { kafka: '', mongodb: '' };
  let secured: Security | undefined;
  return {
    get kafka() {
      return addresses.kafka;
    },
    get mongodb() {
      return addresses.mongodb;
    },
    get secured() {
      if (secured === undefined) throw new Error('these servers are not secure');
      return secured;
    },
    folder: locate(name).folder,
    stop: (only, signal = 'SIGKILL') => stopServers({ name, only, signal }),
    start: async (only) => {
      const { kafka, mongodb, ...started } = await startServers({ name, only, secure });
      Object.assign(addresses, { kafka, mongodb });
      secured = started.secured;
    },
    whilePaused: async (only, work) => {
      await pauseServer(`${only}-1`, { name });
      try {
        return await work();
      } finally {
        await continueServer(`${only}-1`, { name });
      }
    },
  };
}
