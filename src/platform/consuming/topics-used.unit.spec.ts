import { expect, it } from '@jest/globals';
import { topicsUsed } from './topics-used.js';

it('a context uses what it publishes, what it reads, and the dead letters of each group that reads', () => {
  const reads = [
    { topic: 'a.change', group: 'b' },
    { topic: 'b.change', group: 'b' },
    { topic: 'a.change', group: 'c' },
  ];
  expect(topicsUsed([{ topic: 'b.change' }], reads)).toEqual([
    { topic: 'b.change', uses: ['published', 'read'] },
    { topic: 'a.change', uses: ['read'] },
    { topic: 'a.change.b.dlt', uses: ['dead letters'] },
    { topic: 'b.change.b.dlt', uses: ['dead letters'] },
    { topic: 'a.change.c.dlt', uses: ['dead letters'] },
  ]);
});
