import { afterAll, beforeAll, describe } from '@jest/globals';
import { missingPrerequisite, startServers, stopServers } from '../../scripts/servers.mjs';
import type { RealServers } from './real-servers.js';

type Kind = 'kafka' | 'mongodb';

/** Real servers that a test may stop and start, because nobody else uses them. */
export interface OwnServers extends RealServers {
  stop(only: Kind, signal?: NodeJS.Signals): Promise<void>;
  start(only?: Kind): Promise<void>;
}

/** `describe`, with servers of its own; where they cannot be had it is skipped, and its name says why. */
export function describeWithOwnServers(name: string, instance: string, tests: (servers: OwnServers) => void): void {
  const missing = missingPrerequisite();
  if (missing !== undefined) {
    describe.skip(`${name} (SKIPPED: ${missing})`, () => tests(ownServers(instance)));
    return;
  }
  describe(name, () => {
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
