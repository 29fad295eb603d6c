import { describe, expect, it } from '@jest/globals';
import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} from 'mongodb';
import { asNotStorable, isDuplicateKey, orUnavailable } from './errors.js';

function named(name: string): Error {
  return Object.assign(new Error('as the driver says it'), { name });
}

function outcomeOf(error: unknown): Promise<unknown> {
  return orUnavailable(() => Promise.reject(error as Error)).catch((thrown: unknown) => thrown);
}

describe('an error of the MongoDB driver', () => {
  const notAnswering = [
    new MongoNetworkError('connection closed'),
    new MongoServerSelectionError('no primary', {} as never),
    new MongoNotConnectedError('not connected'),
    new MongoTopologyClosedError(),
    new MongoClientClosedError(),
    // These are not exported, or only as types.
    named('PoolClearedOnNetworkError'),
    named('MongoPoolClearedError'),
    named('MongoPoolClosedError'),
    named('MongoWaitQueueTimeoutError'),
    named('MongoOperationTimeoutError'),
    named('MongoServerClosedError'),
  ];

  it.each(notAnswering.map((error) => [error.name, error] as const))(
    'is unavailable when no answer came: %s',
    async (_, error) => {
      expect(await outcomeOf(error)).toMatchObject({ kind: 'unavailable', cause: error });
    },
  );

  it.each([91, 134, 189, 262, 9001, 10_107, 11_600, 11_602, 13_435, 13_436])(
    'is unavailable while the server stops, starts or changes its role: code %d',
    async (code) => {
      const error = new MongoServerError({ ok: 0, code, errmsg: 'not now' });
      expect(await outcomeOf(error)).toMatchObject({ kind: 'unavailable', cause: error });
    },
  );

  it.each(['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ERR_STREAM_DESTROYED'])(
    'is unavailable when it is a bare socket error: %s',
    async (code) => {
      const error = Object.assign(new Error('This socket has been ended by the other party'), { code });
      expect(await outcomeOf(error)).toMatchObject({ kind: 'unavailable', cause: error });
    },
  );

  it('is unavailable when a bulk write failed as a whole', async () => {
    const error = new MongoBulkWriteError({ message: 'no primary', code: 0, writeErrors: [] }, {} as never);
    expect(await outcomeOf(error)).toMatchObject({ kind: 'unavailable' });
  });

  it.each([2, 9, 14, 15, 52, 57, 10_334])(
    'is not storable when the server cannot parse the bulk write: code %d',
    async (code) => {
      const error = new MongoBulkWriteError({ message: 'never', code, writeErrors: [] }, {} as never);
      expect(await outcomeOf(error)).toMatchObject({ kind: 'rejected', code: 'not-storable' });
    },
  );

  it('is passed on when a bulk write was refused in part, for the caller to check', async () => {
    const error = new MongoBulkWriteError(
      { message: 'never', code: 15, writeErrors: { code: 15 } as never },
      {} as never,
    );
    expect(await outcomeOf(error)).toBe(error);
    expect(asNotStorable(error)).toMatchObject({ kind: 'rejected', code: 'not-storable' });
  });

  it('is not a refused document when a query was refused', async () => {
    const error = new MongoServerError({ ok: 0, code: 2, errmsg: 'bad value' });
    expect(await outcomeOf(error)).toBe(error);
  });

  it('is passed on when the server refuses the command', async () => {
    const refused = new MongoServerError({ ok: 0, code: 11_000, errmsg: 'dup key' });
    expect(await outcomeOf(refused)).toBe(refused);
    expect(isDuplicateKey(refused)).toBe(true);
    const misuse = new MongoInvalidArgumentError('a mistake of ours');
    expect(await outcomeOf(misuse)).toBe(misuse);
  });
});
