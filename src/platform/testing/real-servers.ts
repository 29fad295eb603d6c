import { describe } from '@jest/globals';

/** Addresses of the real Kafka and MongoDB that the run has found (see start-servers.js). */
export interface RealServers {
  readonly kafka: string;
  readonly mongodb: string;
}

/** @throws Error when there are none; inside {@link describeWithRealServers} there always are. */
export function realServers(): RealServers {
  const { FOUND_KAFKA: kafka, FOUND_MONGODB: mongodb } = process.env;
  if (kafka === undefined || mongodb === undefined) throw new Error('this run has no real servers');
  return { kafka, mongodb };
}

/** `describe`, for what needs the real servers; skipped, and said so at the end of the run, where there are none. */
export const describeWithRealServers = process.env.FOUND_KAFKA === undefined ? describe.skip : describe;
