import { afterAll, beforeAll } from '@jest/globals';
import { startServers, stopServers } from '../../scripts/servers.mjs';
import { describeWhereOwnServersRun } from './own-servers-needed.js';
import type { RealServers } from './real-servers.js';

type Kind = 'kafka' | 'mongodb';

/** Real servers that a test may stop and start, because nobody else uses them. */
export interface OwnServers extends RealServers {
  stop(only: Kind, signal?: NodeJS.Signals): Promise<void>;
  start(only?: Kind): Promise<void>;
}

/** `describe`, with servers of its own, where they can be had. */
export function describeWithOwnServers(name: string, instance: string, tests: (servers: OwnServers) => void): void {
  describeWhereOwnServersRun(name, () => {
    const servers = ownServers(instance);
    beforeAll(() => servers.start(), 180_000);
    afterAll(() => stopServers({ name: instance, wipe: true, signal: 'SIGKILL' }), 60_000);
    tests(servers);
  });
}

function ownServers(name: string): OwnServers {
  const addresses = { kafka: '', mongodb: '' };
  return {
    get kafka() {
      return addresses.kafka;
    },
    get mongodb() {
      return addresses.mongodb;
    },
    stop: (only, signal = 'SIGKILL') => stopServers({ name, only, signal }),
    start: async (only) => {
      const { kafka, mongodb } = await startServers({ name, only });
      Object.assign(addresses, { kafka, mongodb });
    },
  };
}
