import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sharesOf } from './shares.js';

const sizes = fc.uniqueArray(
  fc.record({ topic: fc.constantFrom('a', 'b'), partition: fc.nat(20), records: fc.nat(1_000) }),
  { selector: ({ topic, partition }) => `${topic}/${partition}` },
);

const namesOf = (share: ReadonlyMap<string, readonly number[]>) =>
  [...share].flatMap(([topic, partitions]) => partitions.map((partition) => `${topic}/${partition}`));

describe('shares of the log', () => {
  it('have every partition once, and none of them is empty', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 9 }), (partitions, workers) => {
        const shares = sharesOf(partitions, workers);
        expect(shares.flatMap(namesOf).sort()).toEqual(
          partitions.map(({ topic, partition }) => `${topic}/${partition}`).sort(),
        );
        expect(shares).toHaveLength(Math.min(workers, partitions.length));
        for (const share of shares) expect(share.size).toBeGreaterThan(0);
      }),
    );
  });

  it('differ by no more than the largest partition', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 9 }), (partitions, workers) => {
        const recordsOf = new Map(partitions.map((each) => [`${each.topic}/${each.partition}`, each.records]));
        const sums = sharesOf(partitions, workers).map((share) =>
          namesOf(share).reduce((sum, name) => sum + (recordsOf.get(name) as number), 0),
        );
        const largest = Math.max(0, ...recordsOf.values());
        if (sums.length > 0) expect(Math.max(...sums) - Math.min(...sums)).toBeLessThanOrEqual(largest);
      }),
    );
  });
});
