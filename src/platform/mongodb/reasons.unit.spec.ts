import { describe, expect, it } from '@jest/globals';
import { MongoServerSelectionError } from 'mongodb';
import { reasonFor } from './reasons.js';

const HOSTS = ['db-1:27017', 'db-2:27017'];

function selectionError(type: string, setName: string | null, servers: readonly string[]): Error {
  const topology = { type, setName, servers: new Map(servers.map((server) => [server, {}])) };
  return new MongoServerSelectionError('Server selection timed out after 3000 ms', topology as never);
}

describe('why no server can be selected', () => {
  it('is the replica set, where the servers answer that they belong to no such one', () => {
    expect(reasonFor(selectionError('ReplicaSetNoPrimary', 'rs1', []), 'MONGODB_URI', 'orders', HOSTS)).toBe(
      "MongoDB at db-1:27017, db-2:27017 is not in the replica set 'rs1' that MONGODB_URI asks for (replicaSet); " +
        'db.hello().setName names its replica set',
    );
  });

  it.each([
    { what: 'cannot be reached', type: 'ReplicaSetNoPrimary', setName: 'rs1', servers: HOSTS },
    { what: 'is of no set', type: 'Unknown', setName: null, servers: HOSTS },
  ])('is not known where a server $what', ({ type, setName, servers }) => {
    expect(reasonFor(selectionError(type, setName, servers), 'MONGODB_URI', 'orders', HOSTS)).toBeUndefined();
  });
});
