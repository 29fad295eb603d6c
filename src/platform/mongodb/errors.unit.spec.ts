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
    // Not exported, or only as a type.
    named('PoolClearedOnNetworkError'),
    named('MongoPoolClearedError'),
    named('MongoPoolClosedError'),
    named('MongoWaitQueueTimeoutError'),
    named('MongoOperationTimeoutError'),
    named('MongoServerClosedError'),
  ];

  it.each(notAnswering.map((error) => [error.name, error] as const))(
    'means that no answer came: %s',
    async (_, error) => {
      expect(await outcomeOf(error)).toMatchObject({ kind: 'unavailable', cause: error });
    },
  );

  it.each([91, 134, 189, 262, 9001, 10_107, 11_600, 11_602, 13_435, 13_436])(
    'means that the server is on its way out or in: code %d',
    async (code) => {
      const error = new MongoServerError({ ok: 0, code, errmsg: 'not now' });
      expect(await outcomeOf(error)).toMatchObject({ kind: 'unavailable', cause: error });
    },
  );

  it.each(['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ERR_STREAM_DESTROYED'])(
    'that comes from the socket as it is, %s, means that no answer came',
    async (code) => {
      const error = Object.assign(new Error('This socket has been ended by the other party'), { code });
      expect(await outcomeOf(error)).toMatchObject({ kind: 'unavailable', cause: error });
    },
  );

  it('means that the server does not answer where a bulk write failed as a whole', async () => {
    const error = new MongoBulkWriteError({ message: 'no primary', code: 0, writeErrors: [] }, {} as never);
    expect(await outcomeOf(error)).toMatchObject({ kind: 'unavailable' });
  });

  it.each([2, 9, 14, 15, 52, 57, 10_334])(
    'means that the whole of a bulk write can never be: code %d',
    async (code) => {
      const error = new MongoBulkWriteError({ message: 'never', code, writeErrors: [] }, {} as never);
      expect(await outcomeOf(error)).toMatchObject({ kind: 'rejected', code: 'not-storable' });
    },
  );

  it('stays what it is where a bulk write was refused in part, for its caller to look at', async () => {
    const error = new MongoBulkWriteError(
      { message: 'never', code: 15, writeErrors: { code: 15 } as never },
      {} as never,
    );
    expect(await outcomeOf(error)).toBe(error);
    expect(asNotStorable(error)).toMatchObject({ kind: 'rejected', code: 'not-storable' });
  });

  it('is no refusal of a document where a question was refused', async () => {
    const error = new MongoServerError({ ok: 0, code: 2, errmsg: 'bad value' });
    expect(await outcomeOf(error)).toBe(error);
  });

  it('stays what it is where the server refuses what was asked', async () => {
    const refused = new MongoServerError({ ok: 0, code: 11_000, errmsg: 'dup key' });
    expect(await outcomeOf(refused)).toBe(refused);
    expect(isDuplicateKey(refused)).toBe(true);
    const misuse = new MongoInvalidArgumentError('a mistake of ours');
    expect(await outcomeOf(misuse)).toBe(misuse);
  });
});
