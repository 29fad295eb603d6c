import { describe, expect, it } from '@jest/globals';
import { openDeadLettersInMemory } from '../testing/dead-letters-in-memory.js';
import { FlakyLog } from '../testing/relay-world.js';
import { browseDeadLettersContract } from './browse-dead-letters.contract.js';
import { deadLettersContract } from './dead-letters.contract.js';
import { discardContract } from './discard.contract.js';
import { PendingDeadLetters } from './pending-dead-letters.js';

for (const contract of [deadLettersContract, discardContract, browseDeadLettersContract])
  contract('the embedded log', openDeadLettersInMemory);

describe('the count of dead letters', () => {
  const consumed = { topic: 'topic', group: 'group' };
  const unknown = [{ ...consumed, deadLetterTopic: 'topic.group.dlt' }];

  it('is unknown while the bus is away', async () => {
    const countRecords = () => Promise.reject(new Error('the bus is away'));
    const pending = new PendingDeadLetters({ ...new FlakyLog().bus(), countRecords }, [consumed]);

    expect(await pending.counts()).toEqual(unknown);
  });

  it('is unknown, and asked for once, while the bus does not answer', async () => {
    let asked = 0;
    const countRecords = () => {
      asked += 1;
      return new Promise<never>(() => undefined);
    };
    const pending = new PendingDeadLetters({ ...new FlakyLog().bus(), countRecords }, [consumed]);

    expect(await Promise.all([pending.counts(), pending.counts()])).toEqual([unknown, unknown]);
    expect(asked).toBe(1);
  });

  it('is good for a while', async () => {
    let asked = 0;
    const countRecords = () => Promise.resolve(new Map([['topic.group.dlt', (asked += 1)]]));
    const pending = new PendingDeadLetters({ ...new FlakyLog().bus(), countRecords }, [consumed]);

    expect(await pending.counts()).toMatchObject([{ pending: 1 }]);
    expect(await pending.counts()).toMatchObject([{ pending: 1 }]);
  });
});
