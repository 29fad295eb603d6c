import { describe, expect, it } from '@jest/globals';
import { parseMarker, toDiscardedMarker, toRedrivenMarker } from './dead-letter-markers.js';

const consumed = { topic: 'topic', group: 'group' };
const location = { topic: 'topic.group.dlt', partition: 3, offset: 7 };
const key = Buffer.from('key');

describe('a marker of a dead letter', () => {
  it('says that it was redriven', () => {
    const marker = toRedrivenMarker(location, key);
    expect(marker).toMatchObject({ key, value: null });
    expect(parseMarker(marker, consumed)).toEqual({ state: 'redriven', location, time: expect.stringMatching(/Z$/) });
  });

  it.each([{ reason: 'a test' }, { reason: 'a test', actor: 'user-1' }])(
    'says who discarded it, and why: %j',
    (why) => {
      const marker = toDiscardedMarker(location, key, why);
      expect(marker).toMatchObject({ key, value: null });
      expect(parseMarker(marker, consumed)).toEqual({
        ...{ state: 'discarded', location, time: expect.stringMatching(/Z$/) },
        ...why,
      });
    },
  );

  it('has nothing that a version which knows only redriven ones takes for such a one', () => {
    const { headers } = toDiscardedMarker(location, key, { reason: 'a test', actor: 'user-1' });
    expect(Object.keys(headers).filter((name) => !name.startsWith('discarded-'))).toEqual([]);
  });

  it.each([
    [{}],
    [{ 'discarded-partition': '3' }],
    [{ 'discarded-partition': '3', 'discarded-offset': '-1' }],
    [{ 'redriven-partition': 'x', 'redriven-offset': '7' }],
  ])('is no other record: %j', (headers) => {
    expect(parseMarker({ key, value: null, headers }, consumed)).toBeUndefined();
  });
});
