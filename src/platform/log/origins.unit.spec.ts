import { describe, expect, it } from '@jest/globals';
import { record } from '../testing/recorder.js';
import { firstGeneration, type Generations } from './generations.js';
import { originOf, originsOf, placesOf, withOrigin } from './origins.js';

const [first, second] = [
  { generation: 1, partition: 3, offset: 17 },
  { generation: 2, partition: 0, offset: 8 },
];
const published = { ...record('k', 'v'), topic: 'topic', partition: 9, offset: 2 };

describe('the origins of a copied record', () => {
  it('are none for a record that was published', () => {
    expect(originsOf(published)).toEqual([]);
    expect(originOf(published)).toBeUndefined();
    expect(placesOf(published, undefined)).toEqual([published]);
  });

  it('are those in all former generations, and the newest is where it was copied from', () => {
    const copy = { ...published, headers: withOrigin(withOrigin({ mine: 'x' }, first), second) };

    expect(copy.headers).toMatchObject({ mine: 'x' });
    expect(originsOf(copy)).toEqual([first, second]);
    expect(originOf(copy)).toEqual(second);
  });

  it('are places of the topic, whose generations count their partitions on', () => {
    const stated = firstGeneration('topic', 6);
    const [one] = stated.generations;
    const both = { ...stated, generations: [one, { ...one, generation: 2, firstPartition: 6 }] } as Generations;
    const copy = { ...published, headers: withOrigin(withOrigin({}, first), second) };

    expect(placesOf(copy, both)).toEqual([
      copy,
      { topic: 'topic', partition: 3, offset: 17 },
      { topic: 'topic', partition: 6, offset: 8 },
    ]);
  });

  it.each(['', 'nonsense', '1/2', '1/2/x', '1/2/-3', '1/2/3/4', '1/2/1234567890123456'])(
    'are none where the header is of another program: %j',
    (text) => {
      expect(originsOf({ headers: { 'copied-from': text } })).toEqual([]);
    },
  );
});
