import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import kafkajs, { type PartitionMetadata, type PartitionerArgs } from 'kafkajs';
import { byKey, murmur2 } from './partitioning.js';

const theirs = createRequire(import.meta.url)('kafkajs/src/producer/partitioners/default/murmur2.js') as typeof murmur2;

function argsOf(length: number, message: Partial<PartitionerArgs['message']>): PartitionerArgs {
  const partitionMetadata = Array.from(
    { length },
    (_, partitionId) => ({ partitionId, leader: 1 }) as PartitionMetadata,
  );
  return { topic: 't', partitionMetadata, message: { value: 'v', ...message } };
}

describe('the choice of a partition', () => {
  const key = fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each));

  it('is that of kafkajs, which is that of the Java client', () => {
    const [ours, default_] = [byKey(), kafkajs.Partitioners.DefaultPartitioner()];
    fc.assert(
      fc.property(key, fc.integer({ min: 1, max: 64 }), (each, length) => {
        expect(murmur2(each)).toBe(theirs(each));
        const args = argsOf(length, { key: each });
        expect(ours(args)).toBe(default_(args));
      }),
    );
  });

  // From Kafka's own tests of the function.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as Kafka says', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  it('is what the message says, or any partition if it has no key', () => {
    const choose = byKey();
    expect(choose(argsOf(6, { key: 'k', partition: 5 }))).toBe(5);
    const chosen = Array.from({ length: 200 }, () => choose(argsOf(2, { key: null })));
    expect(new Set(chosen)).toEqual(new Set([0, 1]));
  });
});
