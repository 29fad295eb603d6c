import { describe } from '@jest/globals';

/** Addresses of the Kafka and MongoDB of this test run (see start-servers.js). */
export interface RealServers {
  readonly kafka: string;
  readonly mongodb: string;
}

/** @throws Error when there are none. Inside {@link describeWithRealServers} there always are. */
export function realServers(): RealServers {
  const { FOUND_KAFKA: kafka, FOUND_MONGODB: mongodb } = process.env;
  if (kafka === undefined || mongodb === undefined) throw new Error('this run has no real servers');
  return { kafka, mongodb };
}

/** Returns the file of master keys of this test run, for processes on real servers. @throws Error when there is none */
export function masterKeysFile(): string {
  const { FOUND_MASTER_KEYS: file } = process.env;
  if (file === undefined) throw new Error('this run has no master keys');
  return file;
}

/** `describe` for tests that need real servers. Without servers they are skipped and listed at the end of the run. */
export const describeWithRealServers = process.env.FOUND_KAFKA === undefined ? describe.skip : describe;
